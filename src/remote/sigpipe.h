#pragma once

// Internal to src/remote.
#include <pthread.h>
#include <signal.h>
#include <time.h>

namespace obscura::remote {

/// While it lives, this thread gets no SIGPIPE: a connection that was closed is an error of the call, not the end of
/// the process. OpenSSL writes by write(2), which raises it; libcurl's own remedy changes the whole process's handler,
/// which other threads would meet.
class SigpipeBlock {
 public:
  SigpipeBlock() {
    sigset_t waiting;
    sigemptyset(&waiting);
    sigpending(&waiting);
    was_waiting_ = sigismember(&waiting, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &set(), &before_);
  }
  ~SigpipeBlock() {
    const timespec none{};
    while (!was_waiting_ && sigtimedwait(&set(), nullptr, &none) == SIGPIPE) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SigpipeBlock(const SigpipeBlock&) = delete;
  SigpipeBlock& operator=(const SigpipeBlock&) = delete;

 private:
  static const sigset_t& set() {
    static const sigset_t one = [] {
      sigset_t s;
      sigemptyset(&s);
      sigaddset(&s, SIGPIPE);
      return s;
    }();
    return one;
  }
  sigset_t before_{};
  bool was_waiting_ = false;
};

}  // namespace obscura::remote
