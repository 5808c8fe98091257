from celery.schedules import crontab

CELERY_BROKER_URL = "redis://localhost"
CELERY_BEAT_SCHEDULE = {
    "tidy": {"task": "bakery.tasks.tidy", "schedule": crontab(hour=3, minute=15)},
}
