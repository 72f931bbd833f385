#pragma once

#include <sstream>

#include "absl/strings/string_view.h"

namespace campaign {

// One line on standard error: time, severity, file:line, text. Never a message body, an address or another personal
// datum. Stand-in for absl/log.
class LogLine {
 public:
  LogLine(char severity, const char* file, int line);
  ~LogLine();
  LogLine(const LogLine&) = delete;
  LogLine& operator=(const LogLine&) = delete;
  std::ostream& stream() { return stream_; }

 private:
  std::ostringstream stream_;
};

}  // namespace campaign

#define LOG(severity) LOG_##severity
#define LOG_INFO ::campaign::LogLine('I', __FILE__, __LINE__).stream()
#define LOG_WARNING ::campaign::LogLine('W', __FILE__, __LINE__).stream()
#define LOG_ERROR ::campaign::LogLine('E', __FILE__, __LINE__).stream()
