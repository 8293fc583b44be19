// One module, as the driver in block.cpp sees it.
#include "model.h"

#include "Vmodel.h"
#include "ports.h"  // COSYNTH_PORTS(port): port(name, bits, is_input) for each
#if VM_TRACE_FST
#include "verilated_fst_c.h"
using Waves = VerilatedFstC;
#elif VM_TRACE_VCD
#include "verilated_vcd_c.h"
using Waves = VerilatedVcdC;
#endif

namespace {

struct Module final : Model {
    Vmodel model;
#if VM_TRACE
    std::unique_ptr<Waves> waves;
#endif

    explicit Module(VerilatedContext& context) : model{&context} {
        ports = {
#define COSYNTH_PORT(name, bits, input) {#name, &model.name, bits, input},
            COSYNTH_PORTS(COSYNTH_PORT)
#undef COSYNTH_PORT
        };
    }

    void eval() override { model.eval(); }

#if VM_TRACE
    ~Module() override {
        if (waves) waves->close();
    }
    bool trace(const char* path) override {
        waves = std::make_unique<Waves>();
        model.trace(waves.get(), 99);
        waves->open(path);
        return true;
    }
    void dump(uint64_t time) override {
        if (waves) waves->dump(time);
    }
#else
    bool trace(const char*) override { return false; }
    void dump(uint64_t) override {}
#endif
};

}  // namespace

std::unique_ptr<Model> make_model(VerilatedContext& context) {
#if VM_TRACE
    context.traceEverOn(true);
#endif
    return std::make_unique<Module>(context);
}

#define COSYNTH_PORT(name, bits, input) #name " " #bits " " #input "\n"
const char* const port_table = COSYNTH_PORTS(COSYNTH_PORT);
#undef COSYNTH_PORT
