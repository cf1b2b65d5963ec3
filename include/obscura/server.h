#pragma once

#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>

#include "obscura/bytes.h"
#include "obscura/error.h"

/// The side that holds no secret. Component `server`; what it links cannot decrypt.
namespace obscura {

struct ServerLimits {
  std::size_t threads = 0;                           ///< 0: as many as the machine has
  std::size_t matrix_memory = std::size_t{2} << 30;  ///< bytes of encoded matrices that may be kept ready
  std::size_t key_memory = std::size_t{8} << 30;     ///< bytes of expanded keys of all owners together
};

/// A compiled program made ready once, and the evaluation keys of as many owners as the memory allows. Thread-safe:
/// owners come, ask and go at the same time, and share the threads evenly. Movable.
class Server {
 public:
  /// The bytes of a server.program. Seconds for a large network. Throws FormatError.
  explicit Server(BytesView program, const ServerLimits& limits = {});
  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;
  ~Server();

  /// What owners need: the bytes of client.spec.
  Bytes client_spec() const;

  /// Takes an owner's evaluation keys and tells their id. Where the budget is used up, those that were not asked with
  /// for longest go. Throws FormatError, MismatchError for keys of another program.
  KeyId add_keys(BytesView evaluation_keys);
  bool has_keys(const KeyId& owner) const;
  void forget(const KeyId& owner);

  /// A query in, its answer out. Throws FormatError, MismatchError for a query of another program, for one that was not
  /// made under this owner's key, and where his keys are not here; CancelledError soon after `stop` is asked for.
  Bytes answer(const KeyId& owner, BytesView query, const std::stop_token& stop = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace obscura
