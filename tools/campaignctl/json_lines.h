#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace campaign::ctl {

// Where the messages of one request stand in their file.
struct Places {
  std::string file;
  std::vector<int64_t> lines;  // From 1, one a message.

  // "FILE:LINE" of message `index`.
  std::string At(size_t index) const;

  // The error of the request's call, with the line where the server's message names an element
  // ("events[17].page_view: ..."), else with the first one's.
  absl::Status Locate(const absl::Status& status) const;
};

// Reads a file of protobuf JSON, a message a line; empty lines do not count. Not thread-safe.
class JsonLines {
 public:
  explicit JsonLines(std::string file) : file_(std::move(file)), stream_(file_) {}

  // Fills `message` from the next line and puts its number into `line`; zero at the end. INVALID_ARGUMENT
  // "FILE:LINE: ..." for a line that is no such message.
  absl::Status ReadNext(google::protobuf::Message& message, int64_t& line);

  const std::string& file() const { return file_; }

 private:
  std::string file_;
  std::ifstream stream_;
  int64_t line_ = 0;
};

}  // namespace campaign::ctl
