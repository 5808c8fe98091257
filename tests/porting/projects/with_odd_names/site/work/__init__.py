from .mail import send as deliver
