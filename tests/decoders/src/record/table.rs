//! A reader of records by the table in `idem-runtime/src/record/envelope.rs`, a second one: what the
//! library's own reader is held against.

use idem::store::State;

/// What stands in a record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Table<'a> {
    pub(super) version: u8,
    pub(super) state: State,
    pub(super) content: u8,
    pub(super) owner: [u8; 16],
    pub(super) fence: u64,
    /// Milliseconds, as what follows.
    pub(super) lease: u64,
    pub(super) retention: u64,
    pub(super) start: u64,
    pub(super) attempts: u32,
    /// The scheme, and the hash.
    pub(super) fingerprint: Option<(u64, [u8; 32])>,
    pub(super) spent: Option<u32>,
    pub(super) codec: [u8; 8],
    pub(super) holder: &'a str,
    pub(super) body: &'a [u8],
}

impl<'a> Table<'a> {
    /// `None` for what is no record: foreign, damaged, or a later version's result.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        let [b'i', b'd', b'e', b'm', version @ 1..=255] = take(&mut rest)? else { return None };
        let own = version == 1;
        let [state, content, flags] = take(&mut rest)?;
        let state = match state {
            1 => State::Running,
            2 if own => State::Completed,
            3 => State::Free,
            _ => return None,
        };
        let owner = take(&mut rest)?;
        let fence = u64::from_le_bytes(take(&mut rest)?);
        let [lease, retention, start] =
            [take(&mut rest)?, take(&mut rest)?, take(&mut rest)?].map(milliseconds);
        let attempts = u32::from_le_bytes(take(&mut rest)?);
        let body = u32::from_le_bytes(take(&mut rest)?) as usize;
        let [holder] = take(&mut rest)?;
        let fingerprint = match flags & 1 {
            0 => None,
            _ => Some((u64::from_le_bytes(take(&mut rest)?), take(&mut rest)?)),
        };
        let count = if flags & 4 == 0 { None } else { Some(take(&mut rest)) };
        let codec = if flags & 2 == 0 { Some([0; 8]) } else { take(&mut rest) };
        let whole = count != Some(None) && codec.is_some();
        let holder = rest.split_at_checked(holder.into()).filter(|_| whole);
        let table = Self {
            version,
            state,
            content,
            owner,
            fence,
            lease,
            retention,
            start,
            attempts,
            fingerprint,
            spent: count.flatten().map(u32::from_le_bytes),
            codec: codec.unwrap_or_default(),
            holder: holder.map_or("", |(holder, _)| str::from_utf8(holder).unwrap_or_default()),
            body: b"",
        };
        if content > 3 {
            return None;
        }
        if !own {
            // What follows is another version's, as far as it is not there.
            return Some(table);
        }
        let (all, sum) = bytes.split_last_chunk()?;
        let body = holder?.1.strip_suffix(sum).filter(|it| it.len() == body)?;
        (crc32fast::hash(all).to_le_bytes() == *sum).then_some(Self { body, ..table })
    }
}

/// The bytes as a record of this version would end: the length of its body, and the checksum.
pub(super) fn sealed(bytes: &[u8]) -> Option<Vec<u8>> {
    let (fixed, rest) = bytes.split_first_chunk::<59>()?;
    let before = [(1, 40), (4, 4), (2, 8)].iter().filter(|(flag, _)| fixed[7] & flag != 0);
    let before = before.map(|(_, length)| length).sum::<usize>() + usize::from(fixed[58]);
    let body = u32::try_from(rest.len().checked_sub(before)?).ok()?;
    let mut sealed = bytes.to_vec();
    sealed[54..58].copy_from_slice(&body.to_le_bytes());
    let sum = crc32fast::hash(&sealed);
    sealed.extend(sum.to_le_bytes());
    Some(sealed)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*taken)
}

fn milliseconds(bytes: [u8; 6]) -> u64 {
    let mut number = [0; 8];
    number[..6].copy_from_slice(&bytes);
    u64::from_le_bytes(number)
}
