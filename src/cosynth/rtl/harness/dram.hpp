// DRAM behind an AXI4 port, for a bench: what it holds is an array of the caller's.
//
// Requests are served in the order of their addresses, reads beside writes, `outstanding` of each at most.
// The first beat of a read comes `latency` cycles after its address at the earliest, and so does the
// response of a write after its last beat, `write_latency`. Beats move at `numerator / denominator` bytes
// a cycle, which reads and writes share if `shared`. On top, each channel pauses at random.
//
// Every rule of AXI4 that a master can break here is checked; `wrong` keeps the first that was.
#pragma once
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <string>

struct Timing {  // laid out alike in bench.py
    uint64_t latency, write_latency, numerator, denominator, outstanding;
    uint64_t shared;
    uint64_t pauses;  // of 65536 cycles, in how many a channel pauses
};

struct Traffic {  // laid out alike in bench.py
    uint64_t read_bursts, read_beats, write_bursts, write_beats, written;  // written: bytes
    uint64_t held;     // cycles in which a beat of a read waited for the chip
    uint64_t starved;  // cycles in which a beat of a write was awaited from the chip
};

// What the chip drives in a cycle.
struct Master {
    struct Request {
        bool valid = false;
        uint64_t address = 0;
        unsigned length = 0, size = 0, burst = 0, id = 0;
        bool operator==(const Request&) const = default;
    };
    Request read, write;
    bool data_valid = false, data_last = false, read_ready = false, response_ready = false;
    uint8_t data[128] = {}, strobes[16] = {};

    // Data counts only where it is valid.
    bool operator==(const Master& other) const {
        return read == other.read && write == other.write && data_valid == other.data_valid
               && read_ready == other.read_ready && response_ready == other.response_ready
               && (!data_valid
                   || (data_last == other.data_last && !std::memcmp(data, other.data, sizeof data)
                       && !std::memcmp(strobes, other.strobes, sizeof strobes)));
    }
};

// What the DRAM drives in a cycle: all from registers.
struct Slave {
    bool read_address_ready = false, write_address_ready = false, write_data_ready = false;
    bool read_valid = false, read_last = false, response_valid = false;
    unsigned read_id = 0, response_id = 0;
    uint8_t data[128] = {};

    // What goes with an answer counts only while it is there.
    bool operator==(const Slave& other) const {
        return read_address_ready == other.read_address_ready
               && write_address_ready == other.write_address_ready
               && write_data_ready == other.write_data_ready && read_valid == other.read_valid
               && response_valid == other.response_valid
               && (!read_valid || (read_last == other.read_last && read_id == other.read_id
                                   && !std::memcmp(data, other.data, sizeof data)))
               && (!response_valid || response_id == other.response_id);
    }
};

class Dram {
public:
    Slave out;
    Traffic traffic{};
    std::string wrong;
    std::function<void(uint64_t)> touched;  // told the address of each beat that is written

    // Whether something pauses in a cycle.
    bool pauses() {
        if (!timing_.pauses) return false;
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return (state_ >> 16 & 0xffff) < timing_.pauses;
    }

    // `width`: bytes of a beat.
    Dram(uint8_t* memory, uint64_t bytes, unsigned width, const Timing& timing, uint64_t seed)
        : memory_(memory), bytes_(bytes), width_(width), timing_(timing),
          state_(seed * 0x9e3779b97f4a7c15u + 0x2545f4914f6cdd1du) {}

    void reset() {
        reads_.clear();
        writes_.clear();
        answers_.clear();
        out = Slave{};
        before_ = Master{};
        granted_ = false;
    }

    // Nothing was asked that is not answered.
    bool idle() const {
        return reads_.empty() && writes_.empty() && answers_.empty() && !out.read_valid
               && !out.response_valid;
    }

    // All but the bytes it holds as it was.
    void restored(const Dram& before) {
        const std::function<void(uint64_t)> tell = std::move(touched);
        *this = before;
        touched = tell;
        wrong.clear();
    }

    // Whether all but the bytes it holds will go on alike.
    bool same(const Dram& other) const {
        return out == other.out && reads_ == other.reads_ && writes_ == other.writes_
               && answers_ == other.answers_ && credit_[0] == other.credit_[0]
               && credit_[1] == other.credit_[1] && granted_ == other.granted_
               && writes_first_ == other.writes_first_ && before_ == other.before_
               && state_ == other.state_;
    }

    // The rising edge that ends cycle `now`: takes what the chip drove, prepares the next cycle.
    void edge(uint64_t now, const Master& in) {
        check(in, now);
        take_requests(now, in);
        take_data(now, in);
        if (out.read_valid && in.read_ready) out.read_valid = false;
        else if (out.read_valid) ++traffic.held;
        if (out.response_valid && in.response_ready) out.response_valid = false;
        share(now + 1);
        answer(now + 1);
        out.read_address_ready = reads_.size() < timing_.outstanding && !pauses();
        out.write_address_ready = writes_.size() < timing_.outstanding && !pauses();
        out.write_data_ready = granted_ && !pauses();
        before_ = in;
    }

private:
    struct Burst {
        uint64_t address, ready;
        unsigned left, id;
        bool operator==(const Burst&) const = default;
    };
    struct Answer {
        uint64_t ready;
        unsigned id;
        bool operator==(const Answer&) const = default;
    };

    uint8_t* memory_;
    uint64_t bytes_;
    unsigned width_;
    Timing timing_;
    uint64_t state_;
    std::deque<Burst> reads_, writes_;
    std::deque<Answer> answers_;
    uint64_t credit_[2] = {0, 0};  // of reads and writes, or one for both; in bytes * denominator
    bool granted_ = false;         // the next beat of a write is paid
    bool writes_first_ = false;
    Master before_;
    Slave seen_;

    void say(uint64_t now, const std::string& what) {
        if (wrong.empty()) wrong = "cycle " + std::to_string(now) + ": " + what;
    }

    void check_request(uint64_t now, const char* name, const Master::Request& request,
                       const Master::Request& before, bool waited) {
        const std::string channel{name};
        if (waited && !(request == before))
            say(now, channel + " changed or was withdrawn while it waited");
        if (!request.valid || waited) return;
        const uint64_t end = request.address + (request.length + 1ull) * width_;
        if (request.burst != 1) say(now, channel + ": the burst is not INCR");
        if (1u << request.size != width_) say(now, channel + ": the size is not that of the port");
        if (request.address % width_) say(now, channel + ": the address is not that of a beat");
        if (request.address / 4096 != (end - 1) / 4096) say(now, channel + ": a burst crosses 4 KiB");
        if (end > bytes_)
            say(now, channel + ": address " + std::to_string(end - 1) + " is beyond the memory of "
                         + std::to_string(bytes_) + " bytes");
    }

    void check(const Master& in, uint64_t now) {
        check_request(now, "AR", in.read, before_.read, before_.read.valid && !seen_.read_address_ready);
        check_request(now, "AW", in.write, before_.write,
                      before_.write.valid && !seen_.write_address_ready);
        if (before_.data_valid && !seen_.write_data_ready) {
            bool same = in.data_valid && in.data_last == before_.data_last
                        && !std::memcmp(in.strobes, before_.strobes, sizeof in.strobes);
            // bytes without a strobe may be anything
            for (unsigned b = 0; b < width_ && same; ++b)
                same = !strobed(in, b) || in.data[b] == before_.data[b];
            if (!same) say(now, "W changed or was withdrawn while it waited");
        }
        seen_ = out;
    }

    static bool strobed(const Master& in, unsigned byte) {
        return in.strobes[byte / 8] >> byte % 8 & 1;
    }

    void take_requests(uint64_t now, const Master& in) {
        if (in.read.valid && out.read_address_ready) {
            reads_.push_back({in.read.address, now + timing_.latency, in.read.length + 1, in.read.id});
            ++traffic.read_bursts;
        }
        if (in.write.valid && out.write_address_ready) {
            writes_.push_back({in.write.address, now, in.write.length + 1, in.write.id});
            ++traffic.write_bursts;
        }
    }

    void take_data(uint64_t now, const Master& in) {
        if (out.write_data_ready && !in.data_valid) ++traffic.starved;
        if (!in.data_valid || !out.write_data_ready) return;
        Burst& burst = writes_.front();  // there is one: its beat was granted
        granted_ = false;
        ++traffic.write_beats;
        if (touched) touched(burst.address);
        for (unsigned b = 0; b < width_; ++b) {
            if (!strobed(in, b) || burst.address + b >= bytes_) continue;
            memory_[burst.address + b] = in.data[b];
            ++traffic.written;
        }
        burst.address += width_;
        --burst.left;
        if (in.data_last != (burst.left == 0)) say(now, "WLAST is not at the last beat of a burst");
        if (burst.left) return;
        answers_.push_back({now + timing_.write_latency, burst.id});
        writes_.pop_front();
    }

    // Beats of the next cycle, as far as the bandwidth goes.
    void share(uint64_t next) {
        const uint64_t cost = width_ * timing_.denominator;
        uint64_t& of_reads = credit_[0];
        uint64_t& of_writes = credit_[timing_.shared ? 0 : 1];
        for (uint64_t& credit : credit_) {
            credit += timing_.numerator;
            // what was not used is lost, but for what a beat still lacked
            if (credit > cost + timing_.numerator - 1) credit = cost + timing_.numerator - 1;
        }
        writes_first_ = !writes_first_;
        if (writes_first_) grant(of_writes, cost);
        read(next, of_reads, cost);
        grant(of_writes, cost);
    }

    void grant(uint64_t& credit, uint64_t cost) {
        if (granted_ || writes_.empty() || credit < cost) return;
        granted_ = true;
        credit -= cost;
    }

    void read(uint64_t next, uint64_t& credit, uint64_t cost) {
        if (out.read_valid || reads_.empty() || reads_.front().ready > next || credit < cost || pauses())
            return;
        Burst& burst = reads_.front();
        credit -= cost;
        std::memset(out.data, 0, sizeof out.data);
        if (burst.address + width_ <= bytes_) std::memcpy(out.data, memory_ + burst.address, width_);
        burst.address += width_;
        --burst.left;
        out.read_valid = true;
        out.read_last = burst.left == 0;
        out.read_id = burst.id;
        ++traffic.read_beats;
        if (out.read_last) reads_.pop_front();
    }

    void answer(uint64_t next) {
        if (out.response_valid || answers_.empty() || answers_.front().ready > next || pauses()) return;
        out.response_valid = true;
        out.response_id = answers_.front().id;
        answers_.pop_front();
    }
};
