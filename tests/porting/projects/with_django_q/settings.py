INSTALLED_APPS = ["shop"]
INSTALLED_APPS += ["django_q"]
Q_CLUSTER = {
    "name": "shop",
    "workers": 4,
    "timeout": 90,
    "retry": 120,
    "orm": "default",
}
