// What a simulated circuit does on $finish, $stop, $fatal and failed assertions: it throws, so that
// a mistake in a circuit is an error of the caller and not the end of his process.
#include <stdexcept>
#include <string>

#include "verilated.h"

static void thrown(const char* what, const char* file, int line) {
    throw std::runtime_error{std::string{what} + " in " + file + ", line " + std::to_string(line)};
}

void vl_finish(const char* file, int line, const char*) { thrown("$finish", file, line); }
void vl_stop(const char* file, int line, const char*) { thrown("$stop, $error, $fatal or an assertion", file, line); }
void vl_fatal(const char* file, int line, const char*, const char* said) {
    thrown(said && *said ? said : "$fatal", file, line);
}
