from django.core.management import call_command

call_command("rqworker", "default")
