//! Data files and databases that are known by their marks and not read: the ledger calls them by their names.
use super::format::{FileFormat, Reading};
use crate::model::coverage::Reason;

/// A mark, and at what offset it stands.
type Mark = (usize, &'static [u8]);

/// A format, and its marks: one of them is enough.
pub(super) struct Unread {
    marks: &'static [Mark],
    pub format: FileFormat,
}

impl Unread {
    pub fn is(&self, head: &[u8]) -> bool {
        let bears = |&(at, mark): &Mark| head.get(at) == mark.first() && head[at..].starts_with(mark);
        self.marks.iter().any(bears)
    }
}

const fn unread(name: &'static str, about: [&'static str; 2], marks: &'static [Mark]) -> Unread {
    let format = FileFormat { name, about, read: Reading::Not(Reason::NoDecoder), isolated: false };
    Unread { marks, format }
}

pub(super) static UNREAD: &[Unread] = &[
    unread(
        "access",
        ["Microsoft Access database", "Microsoft Access 数据库"],
        &[(4, b"Standard Jet DB\0"), (4, b"Standard ACE DB\0")],
    ),
    unread(
        "sas7bdat",
        ["SAS data set", "SAS 数据集"],
        &[(12, b"\xC2\xEA\x81\x60\xB3\x14\x11\xCF\xBD\x92\x08\x00\x09\xC7\x31\x8C\x18\x1F\x10\x11")],
    ),
    unread("spss", ["SPSS data file", "SPSS 数据文件"], &[(0, b"$FL2@(#)"), (0, b"$FL3@(#)")]),
    unread(
        "stata",
        ["Stata data set", "Stata 数据集"],
        &[
            (0, b"<stata_dta>"),
            (0, b"\x71\x01\x01\0"),
            (0, b"\x71\x02\x01\0"),
            (0, b"\x72\x01\x01\0"),
            (0, b"\x72\x02\x01\0"),
            (0, b"\x73\x01\x01\0"),
            (0, b"\x73\x02\x01\0"),
        ],
    ),
    unread("hdf5", ["HDF5", "HDF5"], &[(0, b"\x89HDF\r\n\x1A\n")]),
    unread("netcdf", ["NetCDF", "NetCDF"], &[(0, b"CDF\x01"), (0, b"CDF\x02"), (0, b"CDF\x05")]),
    unread(
        "r-data",
        ["R data", "R 数据"],
        &[
            (0, b"RDX2\n"),
            (0, b"RDX3\n"),
            (0, b"RDA2\n"),
            (0, b"RDA3\n"),
            (0, b"X\n\0\0\0\x02\0"),
            (0, b"X\n\0\0\0\x03\0"),
        ],
    ),
    unread(
        "pickle",
        ["Python pickle", "Python pickle"],
        &[
            (0, b"\x80\x04\x95"),
            (0, b"\x80\x05\x95"),
            (0, b"\x80\x02}q"),
            (0, b"\x80\x02]q"),
            (0, b"\x80\x02c"),
            (0, b"\x80\x03}q"),
            (0, b"\x80\x03]q"),
            (0, b"\x80\x03c"),
        ],
    ),
    unread("npy", ["NumPy array", "NumPy 数组"], &[(0, b"\x93NUMPY")]),
    unread("java-serialized", ["Java serialized objects", "Java 序列化对象"], &[(0, b"\xAC\xED\0\x05")]),
    unread("feather-1", ["Feather, version 1", "Feather 第 1 版"], &[(0, b"FEA1\0\0\0\0")]),
    unread("redis", ["Redis snapshot", "Redis 快照"], &[(0, b"REDIS00")]),
    unread("pg-dump", ["pg_dump archive", "pg_dump 归档"], &[(0, b"PGDMP\x01")]),
    unread("oracle-dump", ["Oracle export (exp)", "Oracle 导出文件（exp）"], &[(3, b"EXPORT:V")]),
    unread("mssql-backup", ["SQL Server backup", "SQL Server 备份"], &[(0, b"TAPE\0\0\x03\0")]),
    unread(
        "mssql-data",
        ["SQL Server data file", "SQL Server 数据文件"],
        &[(0, b"\x01\x0F\0\0\x08\0\0\0\0\0\0\0")],
    ),
    unread("myisam", ["MyISAM index", "MyISAM 索引"], &[(0, b"\xFE\xFE\x07\x01")]),
    unread(
        "mysql-frm",
        ["MySQL table definition", "MySQL 表定义"],
        &[(0, b"\xFE\x01\x0A"), (0, b"\xFE\x01\x09")],
    ),
    unread("mongodump", ["mongodump archive", "mongodump 归档"], &[(0, b"\x6D\xE2\x99\x81")]),
    unread(
        "duckdb",
        ["DuckDB database", "DuckDB 数据库"],
        &[
            (8, b"DUCK\x40\0\0\0"),
            (8, b"DUCK\x41\0\0\0"),
            (8, b"DUCK\x42\0\0\0"),
            (8, b"DUCK\x43\0\0\0"),
            (8, b"DUCK\x44\0\0\0"),
        ],
    ),
    unread("lmdb", ["LMDB database", "LMDB 数据库"], &[(16, b"\xDE\xC0\xEF\xBE")]),
    unread(
        "berkeley-db",
        ["Berkeley DB", "Berkeley DB"],
        &[(12, b"\x62\x31\x05\0"), (12, b"\x61\x15\x06\0"), (12, b"\x53\x22\x04\0")],
    ),
    unread("notes", ["Lotus Notes database", "Lotus Notes 数据库"], &[(0, b"\x1A\0\0\x04\0\0")]),
];

/// An InnoDB tablespace has no mark: its first page is number 0, of the kind "file space header", and says twice in
/// what space it lies (MySQL internals, "InnoDB Page Overview").
pub(super) const INNODB: FileFormat = FileFormat {
    name: "innodb",
    about: ["InnoDB tablespace", "InnoDB 表空间"],
    read: Reading::Not(Reason::NoDecoder),
    isolated: false,
};

pub(super) fn is_innodb(head: &[u8]) -> bool {
    head.len() >= 4096
        && head[4..8] == [0; 4]
        && head[24..26] == [0, 8]
        && head[34..38] == head[38..42]
        && head[..4] != [0; 4]
}
