from django.urls import include, path

urlpatterns = [path("rq/", include("django_rq.urls"))]
