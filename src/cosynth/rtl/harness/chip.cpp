// The harness of a whole chip: see chip.hpp.
#include "chip.hpp"
