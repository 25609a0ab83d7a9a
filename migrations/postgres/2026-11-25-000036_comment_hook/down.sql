-- Nobody is asked any more; what was decided about comments stays.
DROP TABLE comment_hooks;
