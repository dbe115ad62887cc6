-- What the probe of a store that has failed writes: as much as many certificates, so that it says yes only
-- where they fit again. Null while all is well.
ALTER TABLE probe ADD COLUMN room BLOB;
