// A chip beside DRAM, by itself: runs jobs.txt and compares every byte. Arguments: cycles of latency, and
// bytes a cycle as a numerator and a denominator.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "Vchip_top.h"
#include "verilated.h"

namespace {

std::vector<uint8_t> file(const std::string& name) {
    std::ifstream in{name, std::ios::binary};
    if (!in) {
        std::fprintf(stderr, "%s: cannot be read\n", name.c_str());
        std::exit(2);
    }
    return {std::istreambuf_iterator<char>{in}, {}};
}

template <class T>
uint8_t* bytes(T& port) {
    return reinterpret_cast<uint8_t*>(&port);
}

struct Burst {
    uint64_t address;
    int beats, id;
    uint64_t ready;
};

struct Bench {
    Vchip_top top;
    std::vector<uint8_t> memory;
    uint64_t cycle = 0, latency = 50;
    int64_t gain = 1, price = 1, saved = 0;
    std::deque<Burst> reads, writes;
    std::deque<uint64_t> answers;
    bool beat = false;

    void tick() {
        const int wide = 1 << top.m_axi_arsize;
        const int64_t cost = price * wide;
        top.clk = 0;
        saved = std::min(saved + gain, 2 * cost);
        if (!beat && !reads.empty() && reads.front().ready <= cycle && saved >= cost) {
            beat = true;
            saved -= cost;
        }
        if (beat) {
            for (int i = 0; i < wide; i++) bytes(top.m_axi_rdata)[i] = memory.at(reads.front().address + i);
            top.m_axi_rid = reads.front().id;
            top.m_axi_rlast = reads.front().beats == 1;
        }
        const bool takes = !writes.empty() && saved >= cost;
        const bool answer = !answers.empty() && answers.front() <= cycle;
        top.m_axi_rvalid = beat;
        top.m_axi_arready = reads.size() < 64;
        top.m_axi_awready = writes.size() < 64;
        top.m_axi_wready = takes;
        top.m_axi_bvalid = answer;
        top.eval();
        const uint64_t line = ~uint64_t(wide - 1);
        if (top.m_axi_arvalid && reads.size() < 64)
            reads.push_back({top.m_axi_araddr & line, top.m_axi_arlen + 1, top.m_axi_arid, cycle + latency});
        if (top.m_axi_awvalid && writes.size() < 64)
            writes.push_back({top.m_axi_awaddr & line, top.m_axi_awlen + 1, 0, 0});
        if (beat && top.m_axi_rready) {
            beat = false;
            reads.front().address += wide;
            if (--reads.front().beats == 0) reads.pop_front();
        }
        if (answer && top.m_axi_bready) answers.pop_front();
        if (takes && top.m_axi_wvalid) {
            saved -= cost;
            for (int i = 0; i < wide; i++)
                if (bytes(top.m_axi_wstrb)[i / 8] >> (i % 8) & 1)
                    memory.at(writes.front().address + i) = bytes(top.m_axi_wdata)[i];
            writes.front().address += wide;
            if (--writes.front().beats == 0) {
                writes.pop_front();
                answers.push_back(cycle + latency);
            }
        }
        top.clk = 1;
        top.eval();
        cycle++;
    }

    void write(uint32_t address, uint32_t value) {
        top.s_axil_awvalid = top.s_axil_wvalid = 1;
        top.s_axil_awaddr = address;
        top.s_axil_wdata = value;
        for (bool done = false; !done;) {
            top.clk = 0;
            top.eval();
            done = top.s_axil_awready;
            tick();
        }
        top.s_axil_awvalid = top.s_axil_wvalid = 0;
        tick();
    }
};

}  // namespace

int main(int count, char** arguments) {
    Bench bench;
    bench.memory = file("memory.bin");
    if (count == 4) {
        bench.latency = std::strtoull(arguments[1], nullptr, 10);
        bench.gain = std::strtoll(arguments[2], nullptr, 10);
        bench.price = std::strtoll(arguments[3], nullptr, 10);
    }
    auto& top = bench.top;
    top.s_axil_bready = top.s_axil_rready = 1;
    top.rst = 1;
    for (int i = 0; i < 4; i++) bench.tick();
    top.rst = 0;
    std::ifstream jobs{"jobs.txt"};
    std::string verb, name;
    uint64_t address, size, wrong = 0, compared = 0;
    while (jobs >> verb >> address >> size >> name) {
        if (verb == "run") {
            bench.write(4, address);
            bench.write(8, size);
            const uint64_t begun = bench.cycle;
            bench.write(0, 1);
            while (!top.irq) bench.tick();
            std::printf("%-28s %10llu cycles\n", name.c_str(), (unsigned long long)(bench.cycle - begun));
            continue;
        }
        const auto data = file(name);
        for (uint64_t i = 0; i < size; i++) {
            if (verb == "put") bench.memory.at(address + i) = data.at(i);
            else wrong += bench.memory.at(address + i) != data.at(i);
        }
        if (verb == "compare") compared += size;
    }
    std::printf("%llu bytes compared, %llu wrong\n", (unsigned long long)compared, (unsigned long long)wrong);
    return wrong != 0;
}
