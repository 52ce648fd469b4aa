//! How large the kernel is without its debug information and symbols.

use anyhow::{Context, Result};
use object::read::elf::{FileHeader, SectionHeader};
use object::{BigEndian, elf};

/// The size in bytes that the file has when everything is stripped that is not loaded.
///
/// # Errors
/// The content is no big-endian 64-bit ELF file.
pub(super) fn stripped(content: &[u8]) -> Result<u64> {
    let header =
        elf::FileHeader64::<BigEndian>::parse(content).context("the kernel is no ELF file")?;
    let endian = header.endian().context("the kernel is not big-endian")?;
    let sections = header.section_headers(endian, content)?;
    let removed: u64 = sections
        .iter()
        .filter(|section| !section.sh_flags(endian).contains(elf::SHF_ALLOC))
        .map(|section| section.sh_size(endian))
        .sum();
    Ok((content.len() as u64).saturating_sub(removed))
}

#[cfg(test)]
mod tests {
    use object::write::{Object, Symbol, SymbolSection};
    use object::{
        Architecture, BinaryFormat, Endianness, SectionKind, SymbolFlags, SymbolKind, SymbolScope,
    };

    use super::*;

    /// An ELF file with this much code and this much debug information.
    fn elf_file(code_bytes: usize, debug_bytes: usize) -> Vec<u8> {
        let mut object = Object::new(BinaryFormat::Elf, Architecture::S390x, Endianness::Big);
        let text = object.add_section(Vec::new(), b".text".to_vec(), SectionKind::Text);
        object.append_section_data(text, &vec![7; code_bytes], 8);
        let debug = object.add_section(Vec::new(), b".debug_info".to_vec(), SectionKind::Debug);
        object.append_section_data(debug, &vec![1; debug_bytes], 1);
        object.add_symbol(Symbol {
            name: b"start".to_vec(),
            value: 0,
            size: 0,
            kind: SymbolKind::Text,
            scope: SymbolScope::Linkage,
            weak: false,
            section: SymbolSection::Section(text),
            flags: SymbolFlags::None,
        });
        object.write().unwrap()
    }

    #[test]
    fn only_what_is_loaded_counts() {
        let small = stripped(&elf_file(1000, 0)).unwrap();
        let same = stripped(&elf_file(1000, 100_000)).unwrap();
        let larger = stripped(&elf_file(5000, 0)).unwrap();
        assert!((1000..2000).contains(&small), "{small}");
        assert!(small.abs_diff(same) < 64, "{small} {same}");
        assert!((3990..4010).contains(&(larger - small)), "{small} {larger}");
    }

    #[test]
    fn what_is_no_elf_file_is_refused() {
        assert!(stripped(b"no").is_err());
        assert!(stripped(&[0; 100]).is_err());
    }
}
