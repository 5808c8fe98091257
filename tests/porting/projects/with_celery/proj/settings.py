from datetime import timedelta

from celery.schedules import crontab, solar

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django_celery_beat",
    "django_celery_results",
    "shop",
]
TIME_ZONE = "Europe/Berlin"

CELERY_BROKER_URL = "redis://localhost"
CELERY_RESULT_BACKEND = "django-db"
CELERY_TASK_TIME_LIMIT = 30 * 60
CELERY_WORKER_CONCURRENCY = 8
CELERY_TASK_ROUTES = {"shop.tasks.*": {"queue": "shop"}}
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = {
    "digest": {
        "task": "shop.tasks.send_digest",
        "schedule": crontab(hour=3, minute=15),
    },
    "weekend": {
        "task": "shop.tasks.import_feed",
        "schedule": crontab(minute=[0, 30], hour="8-18/2", day_of_week="sat,sun"),
        "args": ("https://example.org",),
        "kwargs": {"full": True},
        "options": {"queue": "slow"},
    },
    "both days": {"task": "shop.tasks.tidy", "schedule": crontab(0, 4, day_of_month=1, day_of_week=1)},
    "often": {"task": "shop.tasks.tidy", "schedule": timedelta(minutes=10)},
    "hourly": {"task": "shop.tasks.tidy", "schedule": 3600.0},
    "every 90 s": {"task": "shop.tasks.tidy", "schedule": timedelta(minutes=1, seconds=30)},
    "sunset": {"task": "shop.tasks.tidy", "schedule": solar("sunset", 52.5, 13.4)},
    "unseen": {"task": "shop.tasks.tidy", "schedule": TIMES["tidy"]},
}
