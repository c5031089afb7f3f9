//! MySQL, MariaDB and the servers that speak their protocol: the text protocol only, no prepared statements.
mod catalogue;
mod column;
mod edges;
mod errors;
mod option_file;
mod options;
mod plan;
mod read;
mod session;
mod sql;

use super::{Access, Database, Failure, Found, Grain, Inventory, Plan, Reader};
use options::Options;
use read::TableReader;
use session::Session;
use std::sync::{Mutex, PoisonError};
use url::Url;

/// A server.
pub(super) struct MySql {
    options: Options,
    /// The connection that asked for the inventory, kept for the bounds of keys: thousands of tables are planned.
    asking: Mutex<Option<Session>>,
}

impl MySql {
    /// Takes what the URL says, and what it leaves open from the environment and the option files.
    pub fn open(url: &Url) -> Result<Self, String> {
        Ok(MySql { options: Options::of(url)?, asking: Mutex::new(None) })
    }

    /// Asks by the kept connection, which is made where there is none, and once more where it was lost.
    fn ask<T>(
        &self,
        access: &Access,
        question: impl Fn(&mut Session) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut kept = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut session) = kept.take() {
            match question(&mut session) {
                Err(failure) if failure.may_pass => {}
                answer => {
                    *kept = Some(session);
                    return answer;
                }
            }
        }
        let mut session = Session::open(&self.options, access)?;
        let answer = question(&mut session);
        if !answer.as_ref().is_err_and(|failure| failure.may_pass) {
            *kept = Some(session);
        }
        answer
    }
}

impl Database for MySql {
    fn inventory(&self, access: &Access) -> Result<Inventory, Failure> {
        let database = self.options.database.as_deref();
        self.ask(access, |session| {
            if let Some(database) = database {
                session.enter(database)?;
            }
            catalogue::inventory(session, database, access)
        })
    }

    fn plan(&self, found: &Found, access: &Access, grain: Grain) -> Result<Plan, Failure> {
        let Some((key, pieces)) = plan::pieces(&found.table, grain) else {
            return Ok(plan::whole(found, grain));
        };
        let sql = plan::bounds_query(found, key);
        let object = found.table.full_name();
        let edges = self.ask(access, |session| {
            let wrong = |error| errors::of_statement(&error, &object);
            let Some(bounds) = plan::bounds(&session.ask(&sql, 2).map_err(wrong)?) else {
                return Ok(Vec::new());
            };
            let rows = found.table.rows.unwrap_or(0);
            let estimate = |low, high| session.estimate(&plan::estimate_query(found, key, low, high));
            Ok(edges::edges(bounds, rows, pieces, estimate))
        })?;
        Ok(plan::ranges(found, key, &edges))
    }

    fn connect(&self, _: &str, access: &Access) -> Result<Box<dyn Reader>, Failure> {
        let session = Session::open(&self.options, access)?;
        Ok(Box::new(TableReader::new(session, self.options.clone(), access.clone())))
    }
}
