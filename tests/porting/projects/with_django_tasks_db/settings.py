INSTALLED_APPS = ["django_tasks", "django_tasks_db", "mail"]
TASKS = {
    "default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "mail"]},
    "now": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"},
}
