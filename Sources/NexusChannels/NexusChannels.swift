// NexusChannels
