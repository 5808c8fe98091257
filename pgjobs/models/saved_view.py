"""The queries that users have saved for the list of jobs."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST_NAME = 60
LONGEST_QUERY = 4000


class SavedView(models.Model):
    """A query of one user, under a name."""

    id = models.BigAutoField(primary_key=True)
    # A text and no foreign key, as in the journal: a project may change the keys of its users.
    user_key = models.CharField(max_length=255)
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    query = models.CharField(_("query"), max_length=LONGEST_QUERY)

    class Meta:
        db_table = "pgjobs_saved_view"
        db_table_comment = "Queries that users have saved for the list of jobs"
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ("id",)
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=["user_key", "name"], name="pgjobs_saved_view_name"),
        )

    def __str__(self) -> str:
        return self.name
