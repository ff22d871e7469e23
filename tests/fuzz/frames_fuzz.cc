// Any bytes may come from a child: cutting them into frames and reading those must end, what is read must be what
// would be written, and nothing may be kept that has not arrived. The first byte says in how large pieces the others
// come.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "host/isolate/frame.h"
#include "host/isolate/messages.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

using namespace ganger::host;

template <class Message>
void read(std::string_view payload) {
  const auto message = decode<Message>(payload);
  if (!message) return;
  const auto again = decode<Message>(encode(*message));
  if (!again || encode(*again) != encode(*message)) __builtin_trap();
}

void read_as_all(std::string_view payload) {
  read<SetupMessage>(payload);
  read<CallMessage>(payload);
  read<StopMessage>(payload);
  read<ReplyMessage>(payload);
  read<ReadyMessage>(payload);
  read<RefusedMessage>(payload);
  read<LogMessage>(payload);
  read<ProgressMessage>(payload);
  read<InputMessage>(payload);
  read<WorkDirMessage>(payload);
  read<PlaceMessage>(payload);
  read<PlaceFilledMessage>(payload);
  read<PlaceBackMessage>(payload);
  read<ResultMessage>(payload);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const std::size_t piece = std::max<std::size_t>(bytes[0], 1);
  read_as_all(stream);
  FrameDecoder decoder;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    decoder.feed(stream.substr(at, piece));
    for (auto frame = decoder.next(); frame && *frame; frame = decoder.next()) {
      if ((*frame)->payload.size() > stream.size()) __builtin_trap();
      read_as_all((*frame)->payload);
    }
  }
  return 0;
}
