// Runs a whole chip: DRAM on its AXI4 port `m_axi_*`, registers through its AXI4-Lite port `s_axil_*`, an
// optional interrupt `irq`. The clock runs in here; a caller says how long.
//
// A cycle: inputs are set with the clock low, outputs settle and are read, then the clock rises.
#pragma once
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

#include "Vmodel.h"
#include "dram.hpp"
#include "ports.h"  // COSYNTH_PORTS(port): port(name, bits, is_input) for each
#if VM_TRACE_FST
#include "verilated_fst_c.h"
using Waves = VerilatedFstC;
#elif VM_TRACE_VCD
#include "verilated_vcd_c.h"
using Waves = VerilatedVcdC;
#endif

namespace {

constexpr uint64_t PATIENCE = 1000000;

// Ports lie in memory as their bits do, the lowest byte first, whatever Verilator's type for them.
struct Pin {
    void* at = nullptr;
    int bits = 0;

    explicit operator bool() const { return at; }
    size_t bytes() const {
        return bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : bits <= 64 ? 8 : (bits + 31) / 32 * 4;
    }
    uint64_t get() const {
        uint64_t value = 0;
        if (at) std::memcpy(&value, at, bytes() < 8 ? bytes() : 8);
        return value;
    }
    void set(uint64_t value) const {
        if (at) std::memcpy(at, &value, bytes() < 8 ? bytes() : 8);
    }
};

[[noreturn]] void fail(uint32_t address, const std::string& what) {
    throw std::runtime_error{"register " + std::to_string(address) + " " + what};
}

// What a register port answers: once there it stays as it is until it is taken.
struct Answer {
    Pin valid, ready, response, value;
    bool waits = false, changed = false;
    uint64_t code = 0, data = 0;

    // Whether it is taken in this cycle.
    bool comes() {
        const bool there = valid.get();
        if (waits && (!there || code != response.get() || data != value.get())) changed = true;
        code = response.get(), data = value.get();
        waits = there && !ready.get();
        return there && ready.get();
    }

    void check(uint32_t address, const std::string& what) const {
        if (changed) fail(address, "changed its answer to " + what + " while it waited");
        if (code > 1) fail(address, "refused " + what);
    }
};

struct Bench {
    VerilatedContext context;
    std::unique_ptr<Vmodel> model;
    std::unique_ptr<Dram> dram;
#if VM_TRACE
    std::unique_ptr<Waves> trace;
#endif
    uint64_t now = 0, time = 0;
    uint64_t patience = PATIENCE;  // cycles after which an access to a register has failed
    std::string said;

    Pin clk, rst, irq, alarm;
    Pin arvalid, arready, araddr, arlen, arsize, arburst, arid, rvalid, rready, rdata, rresp, rlast, rid;
    Pin awvalid, awready, awaddr, awlen, awsize, awburst, awid, wvalid, wready, wdata, wstrb, wlast;
    Pin bvalid, bready, bresp, bid;
    Pin l_awvalid, l_awready, l_awaddr, l_wvalid, l_wready, l_wdata, l_wstrb, l_bvalid, l_bready, l_bresp;
    Pin l_arvalid, l_arready, l_araddr, l_rvalid, l_rready, l_rdata, l_rresp;

    Bench(int seed, uint8_t* memory, uint64_t bytes, const Timing& timing) {
        context.threads(1);
        context.randReset(2);
        context.randSeed(seed);
#if VM_TRACE
        context.traceEverOn(true);
#endif
        model = std::make_unique<Vmodel>(&context);
        find();
        dram = std::make_unique<Dram>(memory, bytes, wdata.bits / 8, timing, seed);
    }

    // the model leaves by the thread's context, which may be that of another bench, gone since
    ~Bench() { Verilated::threadContextp(&context); }

    Pin pin(const char* wanted, bool needed = true) {
#define COSYNTH_PORT(name, bits, input) \
    if (!std::strcmp(#name, wanted)) return Pin{&model->name, bits};
        COSYNTH_PORTS(COSYNTH_PORT)
#undef COSYNTH_PORT
        if (needed && said.empty()) said = std::string{"the module has no port "} + wanted;
        return Pin{};
    }

    void find() {
        clk = pin("clk"), rst = pin("rst"), irq = pin("irq", false), alarm = pin("alarm", false);
#define M(name) name = pin("m_axi_" #name)
#define OPTIONAL(name) name = pin("m_axi_" #name, false)
        M(arvalid), M(arready), M(araddr), M(arlen), M(arsize), M(arburst);
        M(rvalid), M(rready), M(rdata), M(rresp), M(rlast);
        M(awvalid), M(awready), M(awaddr), M(awlen), M(awsize), M(awburst);
        M(wvalid), M(wready), M(wdata), M(wstrb), M(wlast), M(bvalid), M(bready), M(bresp);
        OPTIONAL(arid), OPTIONAL(rid), OPTIONAL(awid), OPTIONAL(bid);
#define L(name) l_##name = pin("s_axil_" #name)
        L(awvalid), L(awready), L(awaddr), L(wvalid), L(wready), L(wdata), L(wstrb);
        L(bvalid), L(bready), L(bresp);
        L(arvalid), L(arready), L(araddr), L(rvalid), L(rready), L(rdata), L(rresp);
#undef M
#undef OPTIONAL
#undef L
        if (said.empty() && (wdata.bits != rdata.bits || wdata.bits > 1024 || wdata.bits % 8))
            said = "m_axi_wdata and m_axi_rdata must be equally wide, whole bytes up to 1024 bits";
    }

    void level(uint64_t value) {
        clk.set(value);
        model->eval();
#if VM_TRACE
        if (trace) trace->dump(time);
#endif
        ++time;
    }

    // The chip's side of a cycle, read before the edge; outputs hold still until `rise`.
    void settle() {
        const Slave& slave = dram->out;
        arready.set(slave.read_address_ready), awready.set(slave.write_address_ready);
        wready.set(slave.write_data_ready);
        rvalid.set(slave.read_valid), rlast.set(slave.read_last), rid.set(slave.read_id), rresp.set(0);
        std::memcpy(rdata.at, slave.data, rdata.bits / 8);
        bvalid.set(slave.response_valid), bid.set(slave.response_id), bresp.set(0);
        level(0);
    }

    void rise() {
        if (rst.get()) {
            dram->reset();
        } else {
            Master in;
            in.read = {bool(arvalid.get()), araddr.get(), unsigned(arlen.get()), unsigned(arsize.get()),
                       unsigned(arburst.get()), unsigned(arid.get())};
            in.write = {bool(awvalid.get()), awaddr.get(), unsigned(awlen.get()), unsigned(awsize.get()),
                        unsigned(awburst.get()), unsigned(awid.get())};
            in.data_valid = wvalid.get(), in.data_last = wlast.get();
            std::memcpy(in.data, wdata.at, wdata.bits / 8);
            std::memcpy(in.strobes, wstrb.at, (wstrb.bits + 7) / 8);
            in.read_ready = rready.get(), in.response_ready = bready.get();
            dram->edge(now, in);
        }
        level(1);
        ++now;
        if (!dram->wrong.empty()) throw std::runtime_error{dram->wrong};
    }

    void cycle() {
        settle();
        rise();
    }

    void reset(uint64_t cycles) {
        for (const Pin& pin : {l_awvalid, l_wvalid, l_arvalid, l_bready, l_rready}) pin.set(0);
        rst.set(1);
        for (uint64_t i = 0; i < cycles; ++i) cycle();
        rst.set(0);
    }

    // Address and data of a write each come when they like, and answers are taken so.
    void write(uint32_t address, uint32_t value) {
        l_awaddr.set(address), l_wdata.set(value), l_wstrb.set(15);
        bool asked = false, given = false;
        Answer answer{l_bvalid, l_bready, l_bresp, Pin{}};
        for (uint64_t i = 0; i < patience; ++i) {
            if (!asked && !l_awvalid.get()) l_awvalid.set(!dram->pauses());
            if (!given && !l_wvalid.get()) l_wvalid.set(!dram->pauses());
            l_bready.set(!dram->pauses());
            settle();
            asked = asked || (l_awvalid.get() && l_awready.get());
            given = given || (l_wvalid.get() && l_wready.get());
            const bool done = answer.comes();
            rise();
            if (asked) l_awvalid.set(0);
            if (given) l_wvalid.set(0);
            if (!done) continue;
            l_bready.set(0);
            answer.check(address, "a write");
            if (!asked || !given) fail(address, "answered a write before it was made");
            return;
        }
        fail(address, "did not answer a write");
    }

    uint32_t read(uint32_t address) {
        l_araddr.set(address);
        bool asked = false;
        Answer answer{l_rvalid, l_rready, l_rresp, l_rdata};
        for (uint64_t i = 0; i < patience; ++i) {
            if (!asked && !l_arvalid.get()) l_arvalid.set(!dram->pauses());
            l_rready.set(!dram->pauses());
            settle();
            asked = asked || (l_arvalid.get() && l_arready.get());
            const bool done = answer.comes();
            rise();
            if (asked) l_arvalid.set(0);
            if (!done) continue;
            l_rready.set(0);
            answer.check(address, "a read");
            if (!asked) fail(address, "answered a read before it was made");
            return uint32_t(answer.data);
        }
        fail(address, "did not answer a read");
    }

    // Runs until `irq` is high, and returns whether it came within `most` cycles.
    bool until_interrupt(uint64_t most) {
        if (!irq) throw std::runtime_error{"the module has no port irq"};
        for (uint64_t end = now + most; now < end;) {
            settle();
            const bool came = irq.get();
            rise();
            if (came) return true;
        }
        return false;
    }

    // Runs until a register equals `value` where `mask` has ones; it is read every `pause` cycles.
    bool until_register(uint32_t address, uint32_t mask, uint32_t value, uint64_t most, uint64_t pause) {
        for (uint64_t end = now + most; now < end;) {
            if ((read(address) & mask) == value) return true;
            for (uint64_t i = 0; i < pause && now < end; ++i) cycle();
        }
        return false;
    }
};

// 1: what was awaited came; 0: it did not; -1: a mistake, see chip_said.
template <typename Act>
int guarded(void* chip, const Act& act) {
    Bench* bench = static_cast<Bench*>(chip);
    try {
        return act(*bench);
    } catch (const std::exception& error) {
        bench->said = error.what();
        return -1;
    }
}

}  // namespace

extern "C" {

void* chip_open(int seed, uint8_t* memory, uint64_t bytes, const Timing* timing) {
    return new Bench(seed, memory, bytes, *timing);
}

void chip_close(void* chip) {
    Bench* bench = static_cast<Bench*>(chip);
#if VM_TRACE
    if (bench->trace) bench->trace->close();
#endif
    delete bench;
}

// What went wrong last; right after chip_open what the module lacks, or nothing.
const char* chip_said(void* chip) { return static_cast<Bench*>(chip)->said.c_str(); }

uint64_t chip_cycles(void* chip) { return static_cast<Bench*>(chip)->now; }

void chip_traffic(void* chip, Traffic* traffic) { *traffic = static_cast<Bench*>(chip)->dram->traffic; }

// Returns 0 if the model was built without tracing.
int chip_trace(void* chip, const char* path) {
#if VM_TRACE
    Bench* bench = static_cast<Bench*>(chip);
    bench->trace = std::make_unique<Waves>();
    bench->model->trace(bench->trace.get(), 99);
    bench->trace->open(path);
    return 1;
#else
    (void)chip;
    (void)path;
    return 0;
#endif
}

int chip_reset(void* chip, uint64_t cycles) {
    return guarded(chip, [&](Bench& bench) { return bench.reset(cycles), 1; });
}

int chip_write(void* chip, uint32_t address, uint32_t value) {
    return guarded(chip, [&](Bench& bench) { return bench.write(address, value), 1; });
}

int chip_read(void* chip, uint32_t address, uint32_t* value) {
    return guarded(chip, [&](Bench& bench) { return *value = bench.read(address), 1; });
}

int chip_run(void* chip, uint64_t cycles) {
    return guarded(chip, [&](Bench& bench) {
        for (uint64_t i = 0; i < cycles; ++i) bench.cycle();
        return 1;
    });
}

int chip_until_interrupt(void* chip, uint64_t most) {
    return guarded(chip, [&](Bench& bench) { return int(bench.until_interrupt(most)); });
}

int chip_until_register(void* chip, uint32_t address, uint32_t mask, uint32_t value, uint64_t most,
                        uint64_t pause) {
    return guarded(chip, [&](Bench& bench) {
        return int(bench.until_register(address, mask, value, most, pause));
    });
}
}
