// What the driver in block.cpp knows of any module: its ports, and that it can be evaluated.
#pragma once
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "verilated.h"

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
        put(value);
    }

    // For a port of up to 64 bits.
    void put(uint64_t value) const {
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

struct Model {
    std::vector<Port> ports;
    virtual ~Model() = default;
    virtual void eval() = 0;
    // Waveforms: false if the model was built without.
    virtual bool trace(const char* path) = 0;
    virtual void dump(uint64_t time) = 0;
};

// Both are in model.cpp, which is compiled anew for each module.
std::unique_ptr<Model> make_model(VerilatedContext& context);
extern const char* const port_table;
