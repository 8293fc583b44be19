// Flips single bits of a chip and sees what becomes of each: a run without faults is recorded with its state
// at checkpoints; a fault starts from the checkpoint before it, and ends early where the state has become
// that of the run without.
//
// Programs run one after the other ("sections"); what a host does between two of them is the caller's.
#include <algorithm>
#include <cstddef>
#include <vector>

#include "chip.hpp"
#include "Vmodel__Syms.h"
#include "state.h"  // COSYNTH_INSTANCES, COSYNTH_MEMBERS

// evaluates all that is combinational, as Verilator does before the first edge
void Vmodel___024root___eval_settle(Vmodel___024root* root);

#pragma GCC diagnostic ignored "-Winvalid-offsetof"

namespace {

constexpr uint64_t PAGE = 4096;  // bytes of DRAM that are kept together
constexpr int CONTROL = 0, BASE = 4, WORDS = 8;
constexpr uint64_t HURRY = 10000;  // cycles for an access to a register after a fault
constexpr size_t MOST_ACCESSES = 1 << 24;  // of memories that are written down, 16 bytes each

enum Outcome { SAME = 0, ENDED = 1, LATE = 2, BROKE = 3, ALARMED = 4 };  // alike in injector.py

struct Region {
    uint64_t at, bytes;  // in the object that holds all of the model
};

const Region INSTANCES[] = {
#define COSYNTH_REGION(kind, name) {offsetof(Vmodel__Syms, name), sizeof(Vmodel__Syms::name)},
    COSYNTH_INSTANCES(COSYNTH_REGION)
#undef COSYNTH_REGION
};

// Where a memory's words and the signals of its ports lie; laid out alike in inject.py.
struct Memory {
    uint64_t words, depth, stride;  // stride: bytes of a word
    uint64_t parts, part;           // parts of a word with a mask each, and their bits
    uint64_t read_enable, read_address, write_enable, write_address, write_mask;
    uint64_t address_bytes, mask_bytes;
};

struct Access {
    uint32_t memory, word;
    uint32_t mask;  // which of `masks`; READ for a read
    uint32_t time;  // cycles of all sections so far
};
constexpr uint32_t READ = ~0u;

struct Page {
    int version;  // the snapshot that brought it
    std::vector<uint8_t> bytes;
};

struct Snapshot {
    int section;
    uint64_t cycle;  // since the section began
    uint64_t now;
    std::vector<uint8_t> state;
    Dram dram;
};

struct Section {
    uint32_t base, words;
    uint64_t first = 0;   // its first snapshot
    uint64_t last = 0;    // that at its end
    uint64_t cycles = 0;  // from its start to its interrupt
    uint64_t before = 0;  // cycles of all sections before it
};

class Injector : public Bench {
public:
    std::vector<Section> sections;

    Injector(int seed, uint8_t* memory, uint64_t bytes, const Timing& timing)
        : Bench(seed, memory, bytes, timing), memory_(memory), bytes_(bytes),
          pages_((bytes + PAGE - 1) / PAGE), holds_(pages_.size(), 0), dirty_(pages_.size(), 0) {
        all_ = reinterpret_cast<uint8_t*>(model->rootp->vlSymsp);
        dram->touched = [this](uint64_t address) { touch(address / PAGE); };
    }

    // What is compared at checkpoints, besides the memories: all that keeps a state.
    void watch(const uint64_t* regions, uint64_t count) {
        watched_.clear();
        for (uint64_t i = 0; i < count; ++i) watched_.push_back({regions[2 * i], regions[2 * i + 1]});
    }

    void watch_memories(const Memory* memories, uint64_t count) {
        memories_.assign(memories, memories + count);
    }

    // A caller changed DRAM; while a run without faults is recorded, that belongs to it.
    void changed(uint64_t address, uint64_t bytes) {
        if (!bytes) return;
        for (uint64_t p = address / PAGE; p <= (address + bytes - 1) / PAGE; ++p) touch(p);
    }

    // Runs a program without faults and keeps its state every so many cycles. False if it takes too long.
    bool record(uint32_t base, uint32_t words, uint64_t every, uint64_t most) {
        if (sections.empty()) keep_pages(0);
        Section section{base, words};
        if (!sections.empty()) section.before = sections.back().before + sections.back().cycles;
        start(section);
        section.first = snapshots_.size();
        sections.push_back(section);
        keep(0);
        for (uint64_t cycle = 0; cycle < most; ++cycle) {
            settle();
            const bool came = irq.get();
            note(section.before + cycle);
            if (alarm.get()) throw std::runtime_error{"the alarm rose without a fault"};
            rise();
            if (came) {
                sections.back().cycles = cycle + 1;
                sections.back().last = snapshots_.size();
                keep(cycle + 1);
                return true;
            }
            if ((cycle + 1) % every == 0) keep(cycle + 1);
        }
        return false;
    }

    // The run is over: accesses are put in order, so that the next of any word is found.
    void recorded() {
        index_.clear();
        for (const Memory& memory : memories_) index_.emplace_back(memory.depth);
        if (accesses_.size() < MOST_ACCESSES)
            for (uint32_t i = 0; i < accesses_.size(); ++i)
                index_[accesses_[i].memory][accesses_[i].word].push_back(i);
        else
            index_.clear();
    }

    // When a bit of a word is read next, counted in cycles of all sections from a cycle on; -1 if it is
    // written before, or never read. Where accesses were too many to write down: at once.
    int64_t next_read(uint64_t memory, uint64_t word, uint64_t bit, uint64_t time) const {
        if (index_.empty()) return int64_t(time);
        const std::vector<uint32_t>& of_word = index_[memory][word];
        auto from = std::lower_bound(of_word.begin(), of_word.end(), time,
                                     [&](uint32_t i, uint64_t t) { return accesses_[i].time < t; });
        const uint64_t part = bit / memories_[memory].part;
        for (; from != of_word.end(); ++from) {
            const Access& access = accesses_[*from];
            if (access.mask == READ) return access.time;
            if (masks_[access.mask][part / 8] >> part % 8 & 1) return -1;
        }
        return -1;
    }

    // From the checkpoint before: flips bits in a cycle of a section and runs to the section's end.
    int fault(uint64_t section, uint64_t cycle, const uint64_t* bits, uint64_t count, uint64_t most) {
        const Section& one = sections[section];
        uint64_t from = one.first;
        while (from + 1 < one.last && snapshots_[from + 1].cycle <= cycle) ++from;
        restore(from);
        simulated = 0;
        try {
            for (uint64_t at = snapshots_[from].cycle; at < cycle; ++at, ++simulated) this->cycle();
            for (uint64_t i = 0; i < count; ++i) all_[bits[i] / 8] ^= uint8_t(1 << bits[i] % 8);
            Vmodel___024root___eval_settle(model->rootp);
            return follow(section, cycle, from + 1, most);
        } catch (const std::exception& error) {
            return broke(error);
        }
    }

    // After `fault`, or itself: the next section, from its start.
    int go_on(uint64_t section, uint64_t most) {
        Section& one = sections[section];
        const Snapshot& clean = snapshots_[one.first];
        try {
            // the host starts it when it did without the fault: bursts and beats then fall alike
            if (const Snapshot& end = snapshots_[one.first - 1]; dram->idle() && end.dram.idle()) {
                dram->restored(end.dram);
                now = end.now;
            }
            patience = HURRY;
            start(one);
            patience = PATIENCE;
            if (now == clean.now && same(one.first)) return SAME;
            return follow(section, 0, one.first + 1, most);
        } catch (const std::exception& error) {
            patience = PATIENCE;
            return broke(error);
        }
    }

    uint64_t simulated = 0;  // cycles since the last `fault`

private:
    uint8_t* all_;
    uint8_t* memory_;
    uint64_t bytes_;
    std::vector<Region> watched_;
    std::vector<Memory> memories_;
    std::vector<Snapshot> snapshots_;
    std::vector<std::vector<Page>> pages_;  // each page's contents, by the snapshot from which they hold
    std::vector<int> holds_;                // which version lies in DRAM now
    std::vector<char> dirty_;               // changed since
    std::vector<uint64_t> known_;           // pages that ever changed
    std::vector<Access> accesses_;
    std::vector<std::vector<uint8_t>> masks_;
    std::vector<std::vector<std::vector<uint32_t>>> index_;

    void touch(uint64_t page) {
        if (page < dirty_.size() && !dirty_[page]) {
            dirty_[page] = 1;
            fresh_.push_back(page);
        }
    }
    std::vector<uint64_t> fresh_;  // dirty pages

    uint64_t length(uint64_t page) const { return std::min(PAGE, bytes_ - page * PAGE); }

    // All pages as they are before the first section.
    void keep_pages(int version) {
        for (uint64_t p = 0; p < pages_.size(); ++p) {
            const uint8_t* from = memory_ + p * PAGE;
            pages_[p] = {Page{version, {from, from + length(p)}}};
            dirty_[p] = 0;
        }
        fresh_.clear();
    }

    void start(const Section& section) {
        write(BASE, section.base);
        write(WORDS, section.words);
        write(CONTROL, 1);
    }

    void keep(uint64_t cycle) {
        const int number = int(snapshots_.size());
        Snapshot snapshot{int(sections.size()) - 1, cycle, now, {}, *dram};
        for (const Region& one : INSTANCES)
            snapshot.state.insert(snapshot.state.end(), all_ + one.at, all_ + one.at + one.bytes);
        snapshots_.push_back(std::move(snapshot));
        for (uint64_t p : fresh_) {
            const uint8_t* from = memory_ + p * PAGE;
            if (pages_[p].size() == 1) known_.push_back(p);
            pages_[p].push_back({number, {from, from + length(p)}});
            holds_[p] = int(pages_[p].size()) - 1;
            dirty_[p] = 0;
        }
        fresh_.clear();
    }

    // Which of a page's versions holds at a snapshot.
    int version(uint64_t page, int snapshot) const {
        const std::vector<Page>& all = pages_[page];
        int found = int(all.size()) - 1;
        while (found > 0 && all[found].version > snapshot) --found;
        return found;
    }

    void restore(uint64_t number) {
        const Snapshot& snapshot = snapshots_[number];
        const uint8_t* from = snapshot.state.data();
        for (const Region& one : INSTANCES) {
            std::memcpy(all_ + one.at, from, one.bytes);
            from += one.bytes;
        }
        dram->restored(snapshot.dram);
        now = snapshot.now;
        for (uint64_t p : fresh_) holds_[p] = -1, dirty_[p] = 0, put(p, number);
        fresh_.clear();
        for (uint64_t p : known_) put(p, number);
    }

    void put(uint64_t page, uint64_t number) {
        const int wanted = version(page, int(number));
        if (holds_[page] == wanted) return;
        const std::vector<uint8_t>& bytes = pages_[page][wanted].bytes;
        std::memcpy(memory_ + page * PAGE, bytes.data(), bytes.size());
        holds_[page] = wanted;
    }

    void note(uint64_t time) {
        if (accesses_.size() >= MOST_ACCESSES) return;
        for (uint32_t m = 0; m < memories_.size(); ++m) {
            const Memory& one = memories_[m];
            if (all_[one.read_enable]) access(m, number(one.read_address, one.address_bytes), READ, time);
            if (!all_[one.write_enable]) continue;
            const uint8_t* mask = all_ + one.write_mask;
            uint32_t known = 0;
            while (known < masks_.size()
                   && (masks_[known].size() != one.mask_bytes
                       || std::memcmp(masks_[known].data(), mask, one.mask_bytes)))
                ++known;
            if (known == masks_.size()) masks_.push_back({mask, mask + one.mask_bytes});
            access(m, number(one.write_address, one.address_bytes), known, time);
        }
    }

    void access(uint32_t memory, uint64_t word, uint32_t mask, uint64_t time) {
        if (word < memories_[memory].depth)
            accesses_.push_back({memory, uint32_t(word), mask, uint32_t(time)});
    }

    uint64_t number(uint64_t at, uint64_t bytes) const {
        uint64_t value = 0;
        std::memcpy(&value, all_ + at, bytes);
        return value;
    }

    // The bus stopped the system in `rise`, after the edge: by then the alarm stands if it was raised.
    int broke(const std::exception& error) {
        said = error.what();
        return alarm.get() ? ALARMED : BROKE;
    }

    // On to the end of a section, compared with each checkpoint on the way.
    int follow(uint64_t section, uint64_t cycle, uint64_t next, uint64_t most) {
        const Section& one = sections[section];
        for (; cycle < most; ++simulated) {
            while (next <= one.last && snapshots_[next].cycle < cycle) ++next;
            if (next <= one.last && snapshots_[next].cycle == cycle && now == snapshots_[next].now
                && same(next))
                return SAME;
            settle();
            if (alarm.get()) return ALARMED;
            const bool came = irq.get();
            rise();
            ++cycle;
            if (!came) continue;
            return cycle == one.cycles && same(one.last) ? SAME : ENDED;
        }
        return LATE;
    }

    // Whether all goes on from here as it did without faults.
    bool same(uint64_t number) {
        const Snapshot& clean = snapshots_[number];
        for (const Region& one : watched_)
            if (std::memcmp(all_ + one.at, clean.state.data() + inside(one.at), one.bytes)) return false;
        if (!dram->same(clean.dram)) return false;
        const uint64_t time = sections[clean.section].before + clean.cycle;
        for (uint32_t m = 0; m < memories_.size(); ++m)
            if (!same_memory(m, clean, time)) return false;
        for (uint64_t p : fresh_)
            if (std::memcmp(memory_ + p * PAGE, pages_[p][version(p, int(number))].bytes.data(), length(p)))
                return false;
        for (uint64_t p : known_) {
            if (dirty_[p]) continue;
            const int wanted = version(p, int(number));
            if (holds_[p] != wanted
                && std::memcmp(memory_ + p * PAGE, pages_[p][wanted].bytes.data(), length(p)))
                return false;
        }
        return true;
    }

    // Words may differ that are not read before they are written.
    bool same_memory(uint32_t m, const Snapshot& clean, uint64_t time) const {
        const Memory& one = memories_[m];
        const uint8_t* ours = all_ + one.words;
        const uint8_t* theirs = clean.state.data() + inside(one.words);
        if (!std::memcmp(ours, theirs, one.depth * one.stride)) return true;
        for (uint64_t w = 0; w < one.depth; ++w, ours += one.stride, theirs += one.stride) {
            if (!std::memcmp(ours, theirs, one.stride)) continue;
            for (uint64_t b = 0; b < one.stride * 8; ++b)
                if ((ours[b / 8] ^ theirs[b / 8]) >> b % 8 & 1 && next_read(m, w, b, time) >= 0)
                    return false;
        }
        return true;
    }

    // Where a byte of the model lies in a snapshot.
    uint64_t inside(uint64_t at) const {
        uint64_t before = 0;
        for (const Region& one : INSTANCES) {
            if (at >= one.at && at < one.at + one.bytes) return before + at - one.at;
            before += one.bytes;
        }
        throw std::runtime_error{"a site that is no part of the model"};
    }
};

Injector& of(void* chip) { return *static_cast<Injector*>(static_cast<Bench*>(chip)); }

}  // namespace

extern "C" {

// Lines "instance CLASS NAME OFFSET" and "member CLASS NAME BYTES OFFSET".
const char* inject_layout() {
    static const char* const text =
        [] {
            static std::string lines;
#define COSYNTH_LINE(kind, name) \
    lines += "instance " #kind " " #name " " + std::to_string(offsetof(Vmodel__Syms, name)) + "\n";
            COSYNTH_INSTANCES(COSYNTH_LINE)
#undef COSYNTH_LINE
            struct Member {
                const char* text;
                size_t at;
            };
            static const Member members[] = {
#define COSYNTH_LINE(kind, name, bytes) {"member " #kind " " #name " " #bytes " ", offsetof(kind, name)},
                COSYNTH_MEMBERS(COSYNTH_LINE)
#undef COSYNTH_LINE
            };
            for (const Member& one : members) lines += one.text + std::to_string(one.at) + "\n";
            return lines.c_str();
        }();
    return text;
}

uint64_t inject_state_bytes() {
    uint64_t bytes = 0;
    for (const Region& one : INSTANCES) bytes += one.bytes;
    return bytes;
}

void* inject_open(int seed, uint8_t* memory, uint64_t bytes, const Timing* timing) {
    return static_cast<Bench*>(new Injector(seed, memory, bytes, *timing));
}

void inject_close(void* chip) { delete &of(chip); }

void inject_watch(void* chip, const uint64_t* regions, uint64_t count, const Memory* memories,
                  uint64_t memory_count) {
    of(chip).watch(regions, count);
    of(chip).watch_memories(memories, memory_count);
}

void inject_changed(void* chip, uint64_t address, uint64_t bytes) { of(chip).changed(address, bytes); }

int inject_record(void* chip, uint32_t base, uint32_t words, uint64_t every, uint64_t most) {
    return guarded(chip, [&](Bench&) { return int(of(chip).record(base, words, every, most)); });
}

void inject_recorded(void* chip) { of(chip).recorded(); }

uint64_t inject_cycles(void* chip, uint64_t section) { return of(chip).sections[section].cycles; }

int64_t inject_next_read(void* chip, uint64_t memory, uint64_t word, uint64_t bit, uint64_t time) {
    return of(chip).next_read(memory, word, bit, time);
}

int inject_fault(void* chip, uint64_t section, uint64_t cycle, const uint64_t* bits, uint64_t count,
                 uint64_t most) {
    return of(chip).fault(section, cycle, bits, count, most);
}

int inject_go_on(void* chip, uint64_t section, uint64_t most) { return of(chip).go_on(section, most); }

uint64_t inject_simulated(void* chip) { return of(chip).simulated; }
}
