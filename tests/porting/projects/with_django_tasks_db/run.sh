#!/bin/sh
python manage.py db_worker --queue-name mail,default --interval 1 --max-tasks 100 &
python manage.py prune_db_task_results --min-age-days 30
