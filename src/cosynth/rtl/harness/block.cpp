// Drives one module of any shape from arrays: one value of each port for each cycle.
//
// A cycle: inputs are set with the clock low, outputs settle and are read, then the clock rises. So
// what is read in a cycle is what another circuit would see at the rising edge that ends it.
//
// A port of up to 64 bits is an array of uint64, a wider one of 32-bit words, the lowest first.
//
// It is compiled once for all modules: each is a Model (model.h).
#include <exception>
#include <string>

#include "model.h"

namespace {

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
    std::unique_ptr<Model> model;
    std::vector<Port> ports;
    const Port* clock = nullptr;
    const Port* reset = nullptr;
    uint64_t time = 0;
    std::string said;

    explicit Running(int seed) {
        context.threads(1);
        context.randReset(2);
        context.randSeed(seed);
        model = make_model(context);
        ports = model->ports;
        for (const Port& port : ports) {
            if (!std::strcmp(port.name, "clk")) clock = &port;
            if (!std::strcmp(port.name, "rst")) reset = &port;
        }
    }

    void level(bool high) {
        if (clock) clock->put(high);
        model->eval();
        model->dump(time++);
    }

    // Before outputs are read: what the harness offers and accepts in this cycle.
    void offer(Stream& stream, uint64_t cycle) {
        if (!stream.source) {
            ports[stream.ready].put(stream.open[cycle % stream.period]);
            return;
        }
        const bool resetting = reset && reset->bit();
        const bool valid = !resetting && stream.done < stream.beats
                           && (stream.stalled || stream.open[cycle % stream.period]);
        ports[stream.valid].put(valid);
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
        const bool ready = ports[stream.ready].bit();
        ports[stream.ready].put(!ready);
        model->eval();
        bool same = ports[stream.valid].bit() == valid;
        for (int i = 0; valid && i < stream.payloads; ++i) {
            std::vector<char> after(before[i].size());
            ports[stream.ports[i]].get(after.data(), 0);
            same = same && after == before[i];
        }
        if (!same) stream.peeked = cycle;
        ports[stream.ready].put(ready);
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
            level(false);
            for (int i = 0; i < count; ++i) peek(streams[i], cycle);
            for (size_t i = 0; i < ports.size(); ++i)
                if (outputs[i]) ports[i].get(outputs[i], cycle);
            bool finished = count;
            for (int i = 0; i < count; ++i) {
                pass(streams[i], cycle);
                finished = finished && streams[i].done >= streams[i].beats;
            }
            level(true);
            if (finished) --left;
        }
        return cycle;
    }
};

}  // namespace

extern "C" {

// One line for each port: name, bits, 1 for an input.
const char* block_ports() { return port_table; }

void* block_open(int seed) { return new Running{seed}; }

void block_close(void* block) { delete static_cast<Running*>(block); }

void block_hold(void* block, int port, const void* value) {
    static_cast<Running*>(block)->ports[port].set(value, 0);
}

// Returns 0 if the model was built without tracing.
int block_trace(void* block, const char* path) {
    return static_cast<Running*>(block)->model->trace(path);
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
