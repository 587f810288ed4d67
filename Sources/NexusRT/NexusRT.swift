// NexusRT
