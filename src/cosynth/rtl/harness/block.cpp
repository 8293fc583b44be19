// Drives one module of any shape from arrays: one value of each port for each cycle.
//
// A cycle: inputs are set with the clock low, outputs settle and are read, then the clock rises. So
// what is read in a cycle is what another circuit would see at the rising edge that ends it.
//
// A port of up to 64 bits is an array of uint64, a wider one of 32-bit words, the lowest first.
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <vector>

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

struct Port {
    const char* name;
    void* at;
    int bits;
    bool input;

    size_t bytes() const { return bits <= 64 ? 8 : (bits + 31) / 32 * 4; }

    void set(const void* values, uint64_t index) const {
        const char* from = static_cast<const char*>(values) + index * bytes();
        if (bits > 64) {
            std::memcpy(at, from, bytes());
            return;
        }
        uint64_t value;
        std::memcpy(&value, from, 8);
        if (bits <= 8) *static_cast<CData*>(at) = static_cast<CData>(value);
        else if (bits <= 16) *static_cast<SData*>(at) = static_cast<SData>(value);
        else if (bits <= 32) *static_cast<IData*>(at) = static_cast<IData>(value);
        else *static_cast<QData*>(at) = value;
    }

    void get(void* values, uint64_t index) const {
        char* to = static_cast<char*>(values) + index * bytes();
        if (bits > 64) {
            std::memcpy(to, at, bytes());
            return;
        }
        const uint64_t value = bit();
        std::memcpy(to, &value, 8);
    }

    uint64_t bit() const {
        if (bits <= 8) return *static_cast<const CData*>(at);
        if (bits <= 16) return *static_cast<const SData*>(at);
        if (bits <= 32) return *static_cast<const IData*>(at);
        return *static_cast<const QData*>(at);
    }
};

// A stream of beats behind valid and ready, laid out alike in stream.py.
struct Stream {
    int32_t valid, ready;       // indices of ports
    int32_t source;             // 1: the harness sends; 0: it receives
    int32_t payloads;           // ports that go with a beat
    const int32_t* ports;       // [payloads], indices
    void* const* data;          // [payloads], of each port an array [beats, or room + 1]
    uint64_t beats;             // how many are sent or awaited
    uint64_t room;              // how many can be received
    const uint8_t* open;        // [period], repeated: may offer, or accepts
    uint64_t period;
    uint64_t* when;             // [beats or room]: cycle of each transfer
    uint64_t done;              // result: beats passed
    uint64_t changed;           // result: first cycle in which a stalled beat changed, or -1
    uint64_t peeked;            // result: first cycle in which valid or a beat hung on ready, or -1
    int32_t stalled;            // whether a beat waits
};

struct Running {
    VerilatedContext context;
    std::unique_ptr<Vmodel> model;
    std::vector<Port> ports;
    const Port* clock = nullptr;
    const Port* reset = nullptr;
#if VM_TRACE
    std::unique_ptr<Waves> trace;
#endif
    uint64_t time = 0;
    std::string said;

    explicit Running(int seed) {
        context.threads(1);
        context.randReset(2);
        context.randSeed(seed);
#if VM_TRACE
        context.traceEverOn(true);
#endif
        model = std::make_unique<Vmodel>(&context);
#define COSYNTH_PORT(name, bits, input) ports.push_back({#name, &model->name, bits, input});
        COSYNTH_PORTS(COSYNTH_PORT)
#undef COSYNTH_PORT
        for (const Port& port : ports) {
            if (!std::strcmp(port.name, "clk")) clock = &port;
            if (!std::strcmp(port.name, "rst")) reset = &port;
        }
    }

    void level(uint64_t value) {
        if (clock) clock->set(&value, 0);
        model->eval();
#if VM_TRACE
        if (trace) trace->dump(time);
#endif
        ++time;
    }

    // Before outputs are read: what the harness offers and accepts in this cycle.
    void offer(Stream& stream, uint64_t cycle) {
        if (!stream.source) {
            const uint64_t ready = stream.open[cycle % stream.period];
            ports[stream.ready].set(&ready, 0);
            return;
        }
        const bool resetting = reset && reset->bit();
        const uint64_t valid = !resetting && stream.done < stream.beats
                               && (stream.stalled || stream.open[cycle % stream.period]);
        ports[stream.valid].set(&valid, 0);
        if (valid)
            for (int i = 0; i < stream.payloads; ++i)
                ports[stream.ports[i]].set(stream.data[i], stream.done);
    }

    // With the other value of ready, valid and what comes with it must stay.
    void peek(Stream& stream, uint64_t cycle) {
        if (stream.source || stream.peeked != UINT64_MAX) return;
        const uint64_t valid = ports[stream.valid].bit();
        std::vector<std::vector<char>> before(stream.payloads);
        for (int i = 0; valid && i < stream.payloads; ++i) {
            before[i].resize(ports[stream.ports[i]].bytes());
            ports[stream.ports[i]].get(before[i].data(), 0);
        }
        const uint64_t ready = ports[stream.ready].bit(), other = !ready;
        ports[stream.ready].set(&other, 0);
        model->eval();
        bool same = ports[stream.valid].bit() == valid;
        for (int i = 0; valid && i < stream.payloads; ++i) {
            std::vector<char> after(before[i].size());
            ports[stream.ports[i]].get(after.data(), 0);
            same = same && after == before[i];
        }
        if (!same) stream.peeked = cycle;
        ports[stream.ready].set(&ready, 0);
        model->eval();
    }

    // After outputs settled: which beats pass at the coming edge, and whether stalled ones held.
    void pass(Stream& stream, uint64_t cycle) {
        const bool valid = ports[stream.valid].bit();
        if (reset && reset->bit()) {
            stream.stalled = 0;
            return;
        }
        if (!stream.source) {
            bool same = valid || !stream.stalled;
            for (int i = 0; valid && i < stream.payloads; ++i) {
                const Port& port = ports[stream.ports[i]];
                char* slot = static_cast<char*>(stream.data[i]) + stream.done * port.bytes();
                std::vector<char> before(slot, slot + port.bytes());
                port.get(stream.data[i], stream.done);
                if (stream.stalled) same = same && !std::memcmp(before.data(), slot, port.bytes());
            }
            if (!same && stream.changed == UINT64_MAX) stream.changed = cycle;
        }
        const bool passes = valid && ports[stream.ready].bit();
        if (passes && stream.done < (stream.source ? stream.beats : stream.room))
            stream.when[stream.done++] = cycle;
        stream.stalled = valid && !passes;
    }

    uint64_t advance(uint64_t cycles, const void* const* inputs, void* const* outputs, Stream* streams,
                     int count, uint64_t linger) {
        uint64_t left = linger;
        uint64_t cycle = 0;
        for (; cycle < cycles && left; ++cycle) {
            for (size_t i = 0; i < ports.size(); ++i)
                if (ports[i].input && inputs[i]) ports[i].set(inputs[i], cycle);
            for (int i = 0; i < count; ++i) offer(streams[i], cycle);
            level(0);
            for (int i = 0; i < count; ++i) peek(streams[i], cycle);
            for (size_t i = 0; i < ports.size(); ++i)
                if (outputs[i]) ports[i].get(outputs[i], cycle);
            bool finished = count;
            for (int i = 0; i < count; ++i) {
                pass(streams[i], cycle);
                finished = finished && streams[i].done >= streams[i].beats;
            }
            level(1);
            if (finished) --left;
        }
        return cycle;
    }
};

}  // namespace

extern "C" {

// One line for each port: name, bits, 1 for an input.
const char* block_ports() {
#define COSYNTH_PORT(name, bits, input) #name " " #bits " " #input "\n"
    return COSYNTH_PORTS(COSYNTH_PORT);
#undef COSYNTH_PORT
}

void* block_open(int seed) { return new Running{seed}; }

void block_close(void* block) {
    Running* running = static_cast<Running*>(block);
#if VM_TRACE
    if (running->trace) running->trace->close();
#endif
    delete running;
}

void block_hold(void* block, int port, const void* value) {
    static_cast<Running*>(block)->ports[port].set(value, 0);
}

// Returns 0 if the model was built without tracing.
int block_trace(void* block, const char* path) {
#if VM_TRACE
    Running* running = static_cast<Running*>(block);
    running->trace = std::make_unique<Waves>();
    running->model->trace(running->trace.get(), 99);
    running->trace->open(path);
    return 1;
#else
    (void)block;
    (void)path;
    return 0;
#endif
}

// Runs up to `cycles` cycles and returns how many; -1 if the circuit stopped by itself (block_said).
// inputs[i] is an array [cycles] for port i, or null: the port keeps its value. outputs[i] likewise.
// The streams drive their ports; once all are done, `linger` cycles follow.
int64_t block_advance(void* block, uint64_t cycles, const void* const* inputs, void* const* outputs,
                      void* streams, int count, uint64_t linger) {
    Running* running = static_cast<Running*>(block);
    try {
        return static_cast<int64_t>(running->advance(
            cycles, inputs, outputs, static_cast<Stream*>(streams), count, linger));
    } catch (const std::exception& error) {
        running->said = error.what();
        return -1;
    }
}

const char* block_said(void* block) { return static_cast<Running*>(block)->said.c_str(); }
}
