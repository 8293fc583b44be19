// In place of lz4's own header where that is missing: blocks in LZ4's format that only hold literals, which any
// reader of the format takes. One sequence: a token, the rest of the length in bytes of up to 255, the bytes.
#pragma once
#include <cstring>

inline int LZ4_compressBound(int size) { return size + size / 255 + 16; }

// Returns the bytes written, or 0 where they do not fit.
inline int LZ4_compress_default(const char* from, char* to, int size, int capacity) {
    if (size < 0 || LZ4_compressBound(size) > capacity) return 0;
    char* at = to;
    int rest = size - 15;
    *at++ = char((rest < 0 ? size : 15) << 4);
    if (rest >= 0) {
        for (; rest >= 255; rest -= 255) *at++ = char(255);
        *at++ = char(rest);
    }
    if (size) std::memcpy(at, from, size_t(size));
    return int(at - to) + size;
}
