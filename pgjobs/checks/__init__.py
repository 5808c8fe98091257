"""System checks: errors that would show only later are reported by ``manage.py check``."""

from __future__ import annotations

from django.core.checks import Tags, register

from pgjobs.checks.connections import (
    check_client_encoding,
    check_isolation_level,
    check_migration_modules,
    check_pool,
    check_same_tables,
    check_schema_of_new_tables,
    check_schemas_of_tenants,
)
from pgjobs.checks.databases import (
    check_autocommit,
    check_database,
    check_direct_database,
    check_one_database,
)
from pgjobs.checks.project import (
    check_apps,
    check_job_names,
    check_job_paths,
    check_job_queues,
    check_memory_limits,
    check_metrics_token,
    check_mode,
    check_notifier,
    check_queue_mappings,
    check_queues,
    check_settings,
    check_visible_jobs,
)


def register_checks() -> None:
    """Register all checks of pgjobs with Django."""
    for check in (
        check_database,
        check_one_database,
        check_autocommit,
        check_direct_database,
        check_apps,
        check_settings,
        check_queues,
        check_queue_mappings,
        check_notifier,
        check_visible_jobs,
        check_job_names,
        check_job_paths,
        check_job_queues,
        check_memory_limits,
        check_metrics_token,
        check_pool,
        check_schemas_of_tenants,
        check_client_encoding,
        check_isolation_level,
        check_migration_modules,
    ):
        register(check, Tags.compatibility)
    register(check_same_tables, Tags.database)
    register(check_schema_of_new_tables, Tags.database)
    register(check_mode, Tags.compatibility, deploy=True)
