// Every target of C sources has one; what this module offers so far is inline, in its headers.
#include "nexus_cpu.h"
