// LogBuf
