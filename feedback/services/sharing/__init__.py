"""Pages of reports that are shared by a link, with people who have no account."""
