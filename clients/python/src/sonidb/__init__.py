from ._reader import RecordReader, read_records
