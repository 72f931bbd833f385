#include "common/log.h"

#include <unistd.h>

#include <cstring>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace campaign {

LogLine::LogLine(char severity, const char* file, int line) {
  const char* slash = std::strrchr(file, '/');
  stream_ << absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone()) << ' ' << severity << ' '
          << (slash == nullptr ? file : slash + 1) << ':' << line << "] ";
}

LogLine::~LogLine() {
  stream_ << '\n';
  const std::string text = stream_.str();
  // One write, so that lines of several threads do not mix.
  if (write(STDERR_FILENO, text.data(), text.size()) < 0) return;
}

}  // namespace campaign
