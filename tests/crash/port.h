#pragma once

#include <cstdint>

namespace campaign::crash {

// A port of 127.0.0.1 that stays taken, so that whoever is killed and started again finds it free: nobody else on the
// machine is given it meanwhile. A server with SO_REUSEADDR can listen on it.
class ReservedPort {
 public:
  ReservedPort();
  ~ReservedPort();
  ReservedPort(const ReservedPort&) = delete;
  ReservedPort& operator=(const ReservedPort&) = delete;

  int number() const { return number_; }

  // Bytes that have come to the port's connections and that its server has not read. Those of a server that is
  // suspended are requests that wait for it.
  int64_t UnreadBytes() const;
  // Open connections to the server.
  int Connections() const;

 private:
  int socket_ = -1;
  int number_ = 0;
};

}  // namespace campaign::crash
