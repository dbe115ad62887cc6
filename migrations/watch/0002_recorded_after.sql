-- What comes after this head was recorded later than this, in Unix seconds; null where it is not known.
ALTER TABLE remembered ADD COLUMN recorded_after INTEGER;
