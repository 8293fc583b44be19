// Writes a bit of a variable of the model by its name, as Verilator documents it for `public_flat_rw`: the
// model looks at such variables whenever it is evaluated. No state is copied.
#include "chip.hpp"
#include "Vmodel__Syms.h"
#include "state.h"

extern "C" int force_flip(void* chip, const char* object, const char* member, uint64_t element, uint64_t bit) {
    Vmodel__Syms* all = static_cast<Bench*>(chip)->model->rootp->vlSymsp;
    char* at = nullptr;
    size_t bytes = 0;
#define LOOK(kind, name) if (!std::strcmp(object, #name)) at = reinterpret_cast<char*>(&all->name);
    COSYNTH_INSTANCES(LOOK)
#undef LOOK
    char* found = nullptr;
#define LOOK(kind, name, stride) \
    if (at && !std::strcmp(member, #kind "." #name)) \
        found = reinterpret_cast<char*>(&reinterpret_cast<kind*>(at)->name), bytes = stride;
    COSYNTH_MEMBERS(LOOK)
#undef LOOK
    if (!found) return 0;
    found[element * bytes + bit / 8] ^= char(1 << bit % 8);
    return 1;
}
