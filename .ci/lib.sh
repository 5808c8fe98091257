# The steps of .ci/run and .ci/full, which source this file. It moves to the root of the checkout.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CI=true PIP_DISABLE_PIP_VERSION_CHECK=1 PYTEST_ADDOPTS="-rs --durations=25"
# The tests start hundreds of Pythons, each of which would compile this package again.
unset PYTHONDONTWRITEBYTECODE
# On a developer's terminal a program that reads its input would wait there, and in CI it would not.
exec < /dev/null
scratch=$(mktemp -d)
trap leave EXIT

# Ends what still runs beside the script, for instance if another step failed.
leave() {
  local job
  for job in $(jobs -p); do
    kill -- "-$job" 2> /dev/null || true
  done
  wait
  rm -rf "$scratch"
}

step() {
  local title=$1 began=$SECONDS
  shift
  printf '\n=== %s\n' "$title"
  "$@"
  printf '=== %s: %d s\n' "$title" $((SECONDS - began))
}

declare -A beside_outputs

# Runs a command beside the next steps, in a group of processes of its own: many steps use one core.
# Sets `beside` to its process id, for `await`.
start_beside() {
  local output
  output=$(mktemp -p "$scratch")
  set -m
  "$@" > "$output" 2>&1 &
  set +m
  beside=$!
  beside_outputs[$beside]=$output
}

# Waits for a command that start_beside began; shows its output, and fails as it did.
await() {
  local pid=$1 code=0
  wait "$pid" || code=$?
  cat "${beside_outputs[$pid]}"
  return "$code"
}

prepare_the_machine() {
  step "Python can make environments" ensure_venv_works
  step "a browser is there" ensure_browser_works
  step "a pooler is there" ensure_pooler_works
  step "Prometheus is there" ensure_prometheus_works
  step "gettext is there" ensure_gettext_works
}

check_the_code() {
  step "lint" .venv/bin/ruff check .
  step "formatting" .venv/bin/ruff format --check .
  step "types" .venv/bin/mypy
  step "layers" .venv/bin/lint-imports
  step "migrations" migrations_are_complete
}

check_what_is_shipped() {
  step "sdist, and the wheel made from it" build_distributions
  step "the wheel has every file" wheel_is_complete
  step "the wheel works in an environment of its own" wheel_works
  step "the demo, by the command in README.md, from the sdist" run_readme_demo_command
}

ensure_venv_works() {
  python3 -c 'import ensurepip, venv' && return
  # Debian keeps these two modules in a package of their own.
  install_from_debian python3-venv
}

# For the tests of the admin's pages. On a developer's machine without it they are skipped.
ensure_browser_works() {
  [[ -x /usr/bin/chromium ]] || install_from_debian chromium
}

# For the tests behind a pooler, and for chaos behind one.
ensure_pooler_works() {
  [[ -x /usr/sbin/pgbouncer ]] || install_from_debian pgbouncer
}

# For the tests of the metrics, the alert rules and the dashboard. Debian's package has promtool too.
ensure_prometheus_works() {
  [[ -x /usr/bin/prometheus ]] || install_from_debian prometheus
}

# For the test that each message of the pages is translated.
ensure_gettext_works() {
  command -v xgettext > /dev/null || install_from_debian gettext
}

# For the benchmark's peers that keep their jobs in Redis.
ensure_redis_works() {
  command -v redis-server > /dev/null || install_from_debian redis-server
}

# The newest one is in the wheel that the tests use.
ensure_oldest_postgresql_works() {
  local version
  version=$(python3 .ci/matrix.py postgresql | cut -d ' ' -f 1)
  [[ -x /usr/lib/postgresql/$version/bin/postgres ]] || install_from_debian "postgresql-$version"
}

install_from_debian() {
  apt-get update -q && apt-get install -qy --no-install-recommends "$@"
}

# Prints the lines between the markers of that name in README.md: a reader and CI run the same command.
readme_command() {
  sed -n "/<!-- $1-command -->/,/<!-- \/$1-command -->/p" README.md | grep -vE '^(<!--|```)'
}

run_readme_test_command() {
  local command
  command=$(readme_command test)
  echo "\$ $command"
  without_skips bash -euo pipefail -c "$command"
}

run_readme_demo_command() {
  local command
  command=$(readme_command demo)
  tar -xzf "$scratch"/dist/*.tar.gz -C "$scratch"
  cd "$scratch"/django_pgjobs-*/
  echo "\$ $command"
  bash -euo pipefail -c "$command"
  cd "$OLDPWD"
}

# A skipped test proves nothing, and here nothing is missing that could excuse a skip.
without_skips() {
  without_lines '[0-9]+ skipped' "Tests were skipped; see above." "$@"
}

# Runs a command; fails if the command fails or if its output has a line that matches the pattern.
without_lines() {
  local pattern=$1 complaint=$2 output
  shift 2
  output=$(mktemp -p "$scratch")
  # `set -e` does nothing in a function that is called inside a condition: hence the `return`.
  "$@" 2>&1 | tee "$output" || return 1
  if grep -qE "$pattern" "$output"; then
    echo "$complaint" >&2
    return 1
  fi
}

migrations_are_complete() {
  .venv/bin/python -W ignore::RuntimeWarning -m django makemigrations --check --dry-run \
    --settings tests.settings.everything
}

build_distributions() {
  python3 -m venv "$scratch/builder"
  "$scratch/builder/bin/pip" install -q hatchling
  "$scratch/builder/bin/hatchling" build -t sdist -d "$scratch/dist"
  "$scratch/builder/bin/pip" wheel -q --no-deps -w "$scratch/dist" "$scratch"/dist/*.tar.gz
}

wheel_is_complete() {
  .venv/bin/python -m zipfile -l "$scratch"/dist/*.whl | awk '{print $1}' | sort > "$scratch/in-wheel"
  find pgjobs -type f -not -path '*/__pycache__/*' | sort > "$scratch/in-checkout"
  if comm -13 "$scratch/in-wheel" "$scratch/in-checkout" | grep .; then
    echo "The wheel lacks the files above." >&2
    return 1
  fi
}

wheel_works() {
  local wheel
  wheel=$(echo "$scratch"/dist/*.whl)
  python3 -m venv "$scratch/installed"
  # With pytest, for the fixtures of the test kit.
  "$scratch/installed/bin/pip" install -q "${wheel}[api,binary,otel,prometheus,sentry,tasks,tui]" pytest
  # Isolated: the checkout's pgjobs must not stand in for the installed one.
  "$scratch/installed/bin/python" -I .ci/import_everything.py
}

# Follows a project on an installed distribution, outside the checkout, on the oldest and the newest
# PostgreSQL: it migrates, and a worker ends a job of each kind. For the wheel on each Python with each
# Django, and for the sdist on the oldest and the newest pair.
distributions_work_everywhere() {
  local pair python django
  local -a pairs
  mapfile -t pairs < <(pairs_that_are_here)
  for pair in "${pairs[@]}"; do
    read -r python django <<< "$pair"
    distribution_works "$python" "$django" "$scratch"/dist/*.whl
  done
  for pair in "${pairs[0]}" "${pairs[-1]}"; do
    read -r python django <<< "$pair"
    distribution_works "$python" "$django" "$scratch"/dist/*.tar.gz
  done
}

distribution_works() {
  local python=$1 django=$2 distribution=$3 home postgresql
  home=$(mktemp -d -p "$scratch")
  "$(interpreter "$python")" -m venv "$home/venv"
  "$home/venv/bin/pip" install -q "${distribution}[binary]" "django==$django.*"
  for postgresql in $(python3 .ci/matrix.py postgresql); do
    cp -r .ci/fresh_project "$home/on-$postgresql"
    echo "--- ${distribution##*.}"
    .venv/bin/python .ci/on_postgresql.py "$postgresql" \
      timeout 300 env --chdir "$home/on-$postgresql" "$home/venv/bin/python" follow.py
  done
}

# Each case of pgjobs once. The peers need much more to be installed: .ci/full runs them.
every_benchmark_case_runs() {
  timeout 600 .venv/bin/python -m benchmarks --tiny --no-peers
}

chaos() {
  timeout 900 .venv/bin/python -m tests.chaos "$@"
}

# Prints each supported Python with its Django, as `3.13 6.1`, the newest Python first.
supported_versions() {
  python3 .ci/matrix.py
}

# Prints the lines of supported_versions for which this machine has the Python.
versions_that_are_here() {
  supported_versions | those_that_are_here
}

# Prints each Python of this machine with each Django that it may have, the oldest pair first.
pairs_that_are_here() {
  python3 .ci/matrix.py pairs | those_that_are_here
}

those_that_are_here() {
  local python django
  while read -r python django; do
    if interpreter "$python" > /dev/null; then
      echo "$python $django"
    fi
  done
}

# Prints the path of a Python. A version manager's shim may be on PATH for a Python that it would
# refuse to run.
interpreter() {
  local name=python$1 candidate
  for candidate in "$(command -v "$name" || true)" "$HOME"/.pyenv/versions/*/bin/"$name"; do
    if [[ -x $candidate ]] && "$candidate" -c 'import ensurepip' 2> /dev/null; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

newest_versions() {
  local -a here
  mapfile -t here < <(versions_that_are_here)
  if [[ ${here[0]-} != $(supported_versions | sed -n 1p) ]]; then
    echo "This machine lacks the newest supported Python." >&2
    return 1
  fi
  echo "${here[0]}"
}

# Makes an environment for a Python and a Django unless the script has made it already.
environment() {
  local python=$1 django=$2 program
  [[ -e $scratch/$python/is-made ]] && return
  program=$(interpreter "$python")
  "$program" -m venv "$scratch/$python"
  "$scratch/$python/bin/pip" install -q -e '.[dev]' "django==$django.*"
  "$scratch/$python/bin/python" -c \
    'import django, sys; print("Python", sys.version.split()[0], "Django", django.__version__)'
  touch "$scratch/$python/is-made"
}

# The same, with what builds the documentation: nothing may change an environment in which tests run.
environment_with_docs() {
  environment "$@"
  "$scratch/$1/bin/pip" install -q -e '.[docs]'
}

# The documentation as HTML, where a link that leads nowhere is an error, and what it says of units,
# manifests and containers. Sphinx needs a newer Python than the oldest one.
documentation_builds() {
  local python=$1
  [[ -e $scratch/$python/bin/sphinx-build ]] || environment_with_docs "$@"
  "$scratch/$python/bin/sphinx-build" -q -W --keep-going -b html docs "$scratch/docs"
  "$scratch/$python/bin/kubernetes-validate" --strict --version 1.31 docs/operations/deployment.yaml
  "$scratch/$python/bin/check-jsonschema" --builtin-schema vendor.compose-spec compose.yaml
  unit_is_valid docs/operations/pgjobs-worker.service
}

# Checks a unit as if its user and its programs existed.
unit_is_valid() {
  sed -E "s,^(WorkingDirectory)=.*,\\1=/,; s,^User=.*,User=root,; s,=/srv[^ ]*,=$(command -v python3)," "$1" \
    > "$scratch/pgjobs-worker.service"
  systemd-analyze verify "$scratch/pgjobs-worker.service"
}

# Tests on another Python.
test_on() {
  local python=$1 django=$2
  shift 2
  environment "$python" "$django"
  without_skips "$scratch/$python/bin/pytest" -n auto "$@"
}

# Packages that use Django's task framework, tried with a worker.
integrate_on() {
  local python=$1 django=$2
  environment "$python" "$django"
  "$scratch/$python/bin/pip" install -q -e '.[dev,integrations]' "django==$django.*"
  INTEGRATIONS=1 without_skips "$scratch/$python/bin/pytest" -n auto tests/integrations
}

# What depends on the version, and some of the other tests: see tests/support/sampling.py.
sample_on() {
  test_on "$@" --sample 1/32
}
