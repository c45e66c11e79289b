"""`feedback.wsgi:app` for granian or gunicorn behind a buffering proxy. Run the worker separately."""

import os

from feedback import bootstrap, log
from feedback.store.private_files import UMASK
from feedback.web.app import behind_proxy, create_app

os.umask(UMASK)
_settings = bootstrap.settings_from()
log.configure(_settings.log)
app = behind_proxy(create_app(bootstrap.start(_settings)), _settings.web.trusted_proxy)
