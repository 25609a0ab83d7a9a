ALTER TABLE preview_links DROP COLUMN key_id;
DROP TABLE address_codes;
