enum ArchiveFormat {}
