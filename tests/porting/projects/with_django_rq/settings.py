INSTALLED_APPS = ("django_rq", "app")
RQ_QUEUES = {
    "default": {"HOST": "localhost"},
    "reports": {"HOST": "localhost", "DEFAULT_TIMEOUT": 900},
}
RQ_SHOW_ADMIN_LINK = True
RQ_EXCEPTION_HANDLERS = ["app.errors.handle"]
