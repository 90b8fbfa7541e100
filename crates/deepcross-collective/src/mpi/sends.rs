//! Messages that are on their way, and the memory that they keep until they have left.

use ferrompi::{Communicator, PersistentRequest, Result};

/// Messages that are on their way.
#[derive(Default)]
pub(super) struct Sends {
    /// With their tags.
    started: Vec<(i32, PersistentRequest<u8>)>,
    /// Memory of messages that have left, for messages to come.
    spare: Vec<Vec<u8>>,
}

impl std::fmt::Debug for Sends {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Sends({} started)", self.started.len())
    }
}

impl Sends {
    /// Starts to send a copy of some bytes.
    pub(super) fn start(
        &mut self,
        world: &Communicator,
        to: i32,
        tag: i32,
        bytes: &[u8],
    ) -> Result<()> {
        let mut buffer = self.spare.pop().unwrap_or_default();
        buffer.clear();
        buffer.extend_from_slice(bytes);
        let mut request = world.send_init(buffer, to, tag)?;
        request.start()?;
        self.started.push((tag, request));
        Ok(())
    }

    /// Takes the memory of those that have left.
    pub(super) fn collect(&mut self) -> Result<()> {
        let mut at = 0;
        while at < self.started.len() {
            if self.started[at].1.test()?.is_some() {
                self.spare.push(self.started.swap_remove(at).1.into_buffer()?);
            } else {
                at += 1;
            }
        }
        Ok(())
    }

    /// Whether one of this tag has not left yet.
    pub(super) fn has(&self, tag: i32) -> bool {
        self.started.iter().any(|(of, _)| *of == tag)
    }

    /// Waits until all have left.
    pub(super) fn finish(&mut self) -> Result<()> {
        for (_, mut request) in self.started.drain(..) {
            request.wait()?;
        }
        Ok(())
    }
}
