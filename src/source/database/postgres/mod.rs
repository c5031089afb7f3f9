//! PostgreSQL and the servers that speak its protocol.
mod catalogue;
mod connect;
mod failure;
mod plan;
mod read;
mod sql;
mod types;

use super::{Access, Database, Failure, Found, Grain, Inventory, Plan, Reader};
use crate::model::coverage::Reason;
use connect::{Address, Session};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use url::Url;

/// For what is too short to be interrupted.
static GO_ON: AtomicBool = AtomicBool::new(false);

/// A server.
pub(super) struct Postgres {
    url: Url,
    /// The database that the URL or the environment names.
    named: Option<String>,
    user: String,
    /// The session that plans, and the database it is connected to.
    planner: Mutex<Option<(String, Session)>>,
}

impl Postgres {
    pub fn open(url: &Url) -> Result<Self, String> {
        let (options, _) = connect::parse(url, None)?;
        Ok(Postgres {
            url: url.clone(),
            named: options.get_database().map(str::to_owned),
            user: options.get_username().to_owned(),
            planner: Mutex::default(),
        })
    }

    fn address(&self, database: &str, access: &Access) -> Result<Address, Failure> {
        let database = self.named.is_none().then_some(database);
        Address::new(&self.url, database, access)
    }

    fn session(&self, database: &str, access: &Access) -> Result<Session, Failure> {
        Session::open(&self.address(database, access)?, access, &GO_ON)
    }

    /// The databases that the account may connect to.
    fn databases(&self, access: &Access) -> Result<Vec<String>, Failure> {
        // One to ask; the first exists nearly everywhere, the last everywhere.
        let mut session = self.session("postgres", access);
        for other in [self.user.as_str(), "template1"] {
            match session {
                Err(failure)
                    if failure::is_missing_database(&failure)
                        || failure.reason == Reason::PermissionDenied =>
                {
                    session = self.session(other, access).map_err(|_| failure);
                }
                _ => break,
            }
        }
        session?.query(
            "SELECT datname FROM pg_catalog.pg_database
             WHERE datallowconn AND NOT datistemplate AND has_database_privilege(oid, 'CONNECT')
             ORDER BY datname",
            |row| row.string(0),
        )
    }
}

impl Database for Postgres {
    fn inventory(&self, access: &Access) -> Result<Inventory, Failure> {
        if let Some(named) = &self.named {
            let mut inventory = Inventory::default();
            let mut session = self.session(named, access)?;
            catalogue::read(&mut session, named, "", access, &mut inventory)?;
            return Ok(inventory);
        }
        let mut inventory = Inventory::default();
        for database in self.databases(access)? {
            let read = self.session(&database, access).and_then(|mut session| {
                let above = format!("{database}/");
                catalogue::read(&mut session, &database, &above, access, &mut inventory)
            });
            if let Err(failure) = read {
                inventory.exceptions.push(failure.row(&database));
            }
        }
        Ok(inventory)
    }

    fn plan(&self, found: &Found, access: &Access, grain: Grain) -> Result<Plan, Failure> {
        let mut planner = self.planner.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = planner.take().filter(|(database, _)| *database == found.database);
        if let Some((database, mut session)) = kept {
            match plan::plan(&mut session, found, grain) {
                // Idle for long, the session may have been ended; a new one is asked below.
                Err(failure) if failure.may_pass => {}
                planned => {
                    *planner = Some((database, session));
                    return planned;
                }
            }
        }
        let mut session = self.session(&found.database, access)?;
        let planned = plan::plan(&mut session, found, grain);
        if !planned.as_ref().is_err_and(|failure| failure.may_pass) {
            *planner = Some((found.database.clone(), session));
        }
        planned
    }

    fn connect(&self, database: &str, access: &Access) -> Result<Box<dyn Reader>, Failure> {
        let address = self.address(database, access)?;
        let session = Session::open(&address, access, &GO_ON)?;
        Ok(Box::new(read::PgReader::new(address, access, session)))
    }
}
