DROP INDEX events_target_id_index;
