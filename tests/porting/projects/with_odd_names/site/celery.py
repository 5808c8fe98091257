import celery as c

app = c.Celery("site")
